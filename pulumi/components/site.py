"""The pages, served by Cloudflare."""

from dataclasses import dataclass

import pulumi
import pulumi_cloudflare as cloudflare

from components.place import Place

BRANCH = "main"


@dataclass(frozen=True, kw_only=True)
class SiteArgs:
    place: Place
    account_id: str
    zone_id: str
    domain: str


class Site(pulumi.ComponentResource):
    """A Pages project that takes uploads; every branch but `main` gets a preview of its own."""

    url: pulumi.Output[str]
    project: pulumi.Output[str]

    def __init__(
        self, name: str, args: SiteArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("parakeet:index:Site", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        project = cloudflare.PagesProject(
            name,
            account_id=args.account_id,
            name=args.place.name(name),
            production_branch=BRANCH,
            opts=child,
        )
        cloudflare.DnsRecord(
            name,
            zone_id=args.zone_id,
            name=args.domain,
            type="CNAME",
            content=project.subdomain,
            ttl=1,
            proxied=True,
            opts=child,
        )
        domain = cloudflare.PagesDomain(
            name,
            account_id=args.account_id,
            project_name=project.name,
            name=args.domain,
            opts=child,
        )
        self.url = pulumi.Output.concat("https://", domain.name)
        self.project = project.name
        self.register_outputs({"url": self.url, "project": self.project})
