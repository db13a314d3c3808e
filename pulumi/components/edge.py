"""The Worker that every call of the API passes."""

import json
from dataclasses import dataclass

import pulumi
import pulumi_cloudflare as cloudflare

from components.place import Place

COMPATIBILITY_DATE = "2026-04-01"
MODULE = "index.js"
# A rate limit counts within its namespace, and namespaces belong to the whole account.
NAMESPACES = {"dev": 4_100, "staging": 4_200, "prod": 4_300}
# A host without a server: the Worker's route answers before anybody looks for one.
NOWHERE = "100::"


@dataclass(frozen=True, kw_only=True)
class EdgeArgs:
    place: Place
    account_id: str
    zone_id: str
    domain: str
    script: str
    origin_url: pulumi.Input[str]
    allowed_origins: tuple[str, ...]
    token_issuer: str
    token_audience: str
    jwks_url: str
    keys: pulumi.Output[str]
    subject_limit: int
    address_limit: int
    limit_period_seconds: int


class Edge(pulumi.ComponentResource):
    """Script, bindings, route and host; the script's own workers.dev address stays closed."""

    url: pulumi.Output[str]

    def __init__(
        self, name: str, args: EdgeArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("parakeet:index:Edge", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        script = cloudflare.WorkersScript(
            name,
            account_id=args.account_id,
            script_name=args.place.name(name),
            content=args.script,
            main_module=MODULE,
            compatibility_date=COMPATIBILITY_DATE,
            bindings=[*_texts(args), _keys(args), *_limits(args)],
            observability={"enabled": True},
            opts=child,
        )
        cloudflare.WorkersScriptSubdomain(
            name,
            account_id=args.account_id,
            script_name=script.script_name,
            enabled=False,
            previews_enabled=False,
            opts=child,
        )
        record = cloudflare.DnsRecord(
            name,
            zone_id=args.zone_id,
            name=args.domain,
            type="AAAA",
            content=NOWHERE,
            ttl=1,
            proxied=True,
            opts=child,
        )
        route = cloudflare.WorkersRoute(
            name,
            zone_id=args.zone_id,
            pattern=f"{args.domain}/*",
            script=script.script_name,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[record]),
        )
        self.url = route.pattern.apply(lambda pattern: f"https://{pattern.removesuffix('/*')}")
        self.register_outputs({"url": self.url})


def _texts(args: EdgeArgs) -> list[dict[str, pulumi.Input[str]]]:
    texts: dict[str, pulumi.Input[str]] = {
        "ORIGIN": args.origin_url,
        "TOKEN_ISSUER": args.token_issuer,
        "TOKEN_AUDIENCE": args.token_audience,
        "JWKS_URL": args.jwks_url,
        "ALLOWED_ORIGINS": json.dumps(list(args.allowed_origins)),
        "LIMIT_SECONDS": str(args.limit_period_seconds),
    }
    return [{"name": key, "type": "plain_text", "text": text} for key, text in texts.items()]


def _keys(args: EdgeArgs) -> dict[str, pulumi.Input[str]]:
    return {"name": "EDGE_KEYS", "type": "secret_text", "text": args.keys}


def _limits(args: EdgeArgs) -> list[dict[str, object]]:
    first = NAMESPACES[args.place.stack]
    limits = {"SUBJECT_LIMIT": args.subject_limit, "ADDRESS_LIMIT": args.address_limit}
    return [
        {
            "name": key,
            "type": "ratelimit",
            "namespace_id": str(namespace),
            "simple": {"limit": limit, "period": args.limit_period_seconds},
        }
        for namespace, (key, limit) in enumerate(limits.items(), first)
    ]
