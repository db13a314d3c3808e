"""The HTTP API in front of the query function, under the stack's own name."""

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
import pulumi_cloudflare as cloudflare

from components.alarms import Alerting, Watch, alarm
from components.function import Function
from components.place import Place

# The edge signs what it sends; a health check has no caller, so it carries no token.
PUBLIC_ROUTES = ("GET /healthz",)
CALLERS_ROUTES = ("POST /graphql", "GET /downloads/{proxy+}")
GATEWAY = "apigateway.amazonaws.com"
STAGE = "$default"
INTEGRATION_TIMEOUT_MS = 30_000
# Whoever knows the host may knock here, and each knock is an invocation.
PUBLIC_BURST, PUBLIC_PER_SECOND = 10, 5
ACCESS_LOG = {
    key: f"$context.{key}"
    for key in (
        "requestId",
        "requestTimeEpoch",
        "routeKey",
        "status",
        "responseLatency",
        "integrationLatency",
        "integrationErrorMessage",
        "authorizer.error",
        "responseLength",
    )
}


@dataclass(frozen=True, kw_only=True)
class GraphqlEndpointArgs:
    place: Place
    alerting: Alerting
    function: Function
    domain: str
    zone_id: str
    origins: tuple[str, ...]
    token_issuer: str
    token_audience: str
    requests_per_second: int = 100
    burst: int = 200
    latency_p95_ms: int = 2_000

    def __post_init__(self) -> None:
        for origin in self.origins:
            if "*" in origin or not origin.startswith("https://"):
                raise ValueError(
                    f"origins contained {origin!r}: name each origin exactly, such as"
                    " https://app.example.com"
                )


class GraphqlEndpoint(pulumi.ComponentResource):
    """Reachable only by its own name over TLS 1.2 or later; tokens are checked before the code."""

    url: pulumi.Output[str]
    api_id: pulumi.Output[str]

    def __init__(
        self, name: str, args: GraphqlEndpointArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("parakeet:index:GraphqlEndpoint", name, None, opts)
        self._args, self._child = args, pulumi.ResourceOptions(parent=self)
        self._tags = args.place.tags("graphql-endpoint")
        api = self._api(name)
        stage = self._stage(name, api, self._routes(name, api))
        self._serve(name, api, stage)
        self._watch(name, api)
        self.url, self.api_id = pulumi.Output.from_input(f"https://{args.domain}"), api.id
        self.register_outputs({"url": self.url, "apiId": self.api_id})

    def _api(self, name: str) -> aws.apigatewayv2.Api:
        return aws.apigatewayv2.Api(
            name,
            name=self._args.place.name(name),
            protocol_type="HTTP",
            disable_execute_api_endpoint=True,
            cors_configuration={
                "allow_origins": list(self._args.origins),
                "allow_methods": ["GET", "POST"],
                "allow_headers": ["authorization", "content-type"],
                "max_age": 3_600,
            },
            tags=self._tags,
            opts=self._child,
        )

    def _routes(self, name: str, api: aws.apigatewayv2.Api) -> list[aws.apigatewayv2.Route]:
        """Make the routes; return those that anybody may call."""
        function = self._args.function
        aws.lambda_.Permission(
            name,
            action="lambda:InvokeFunction",
            function=function.name,
            # From the alias, so that it exists: a permission on none is refused.
            qualifier=function.alias_arn.apply(lambda arn: arn.rpartition(":")[2]),
            principal=GATEWAY,
            source_arn=pulumi.Output.concat(api.execution_arn, "/", STAGE, "/*"),
            opts=self._child,
        )
        integration = aws.apigatewayv2.Integration(
            name,
            api_id=api.id,
            integration_type="AWS_PROXY",
            integration_method="POST",
            integration_uri=function.alias_invoke_arn,
            payload_format_version="2.0",
            timeout_milliseconds=INTEGRATION_TIMEOUT_MS,
            opts=self._child,
        )
        target = pulumi.Output.concat("integrations/", integration.id)
        authorizer = self._authorizer(name, api)
        public = [
            self._route(route, api, target, {"authorization_type": "NONE"})
            for route in PUBLIC_ROUTES
        ]
        for route in CALLERS_ROUTES:
            checked = {"authorization_type": "JWT", "authorizer_id": authorizer.id}
            self._route(route, api, target, checked)
        return public

    def _authorizer(self, name: str, api: aws.apigatewayv2.Api) -> aws.apigatewayv2.Authorizer:
        return aws.apigatewayv2.Authorizer(
            name,
            name=self._args.place.name(name),
            api_id=api.id,
            authorizer_type="JWT",
            identity_sources=["$request.header.Authorization"],
            jwt_configuration={
                "issuer": self._args.token_issuer,
                "audiences": [self._args.token_audience],
            },
            opts=self._child,
        )

    def _route(
        self,
        key: str,
        api: aws.apigatewayv2.Api,
        target: pulumi.Output[str],
        authorization: dict[str, pulumi.Input[str]],
    ) -> aws.apigatewayv2.Route:
        return aws.apigatewayv2.Route(
            key.replace(" ", "-").replace("/", "").replace("{proxy+}", "").lower(),
            api_id=api.id,
            route_key=key,
            target=target,
            **authorization,
            opts=self._child,
        )

    def _stage(
        self, name: str, api: aws.apigatewayv2.Api, public: list[aws.apigatewayv2.Route]
    ) -> aws.apigatewayv2.Stage:
        args = self._args
        logs = aws.cloudwatch.LogGroup(
            f"{name}-access",
            name=f"/aws/apigateway/{args.place.name(name)}",
            retention_in_days=args.place.log_retention_days,
            tags=self._tags,
            opts=self._child,
        )
        return aws.apigatewayv2.Stage(
            name,
            name=STAGE,
            api_id=api.id,
            auto_deploy=True,
            default_route_settings={
                "detailed_metrics_enabled": True,
                "throttling_burst_limit": args.burst,
                "throttling_rate_limit": args.requests_per_second,
            },
            route_settings=[
                {
                    "route_key": route.route_key,
                    "detailed_metrics_enabled": True,
                    "throttling_burst_limit": PUBLIC_BURST,
                    "throttling_rate_limit": PUBLIC_PER_SECOND,
                }
                for route in public
            ],
            access_log_settings={"destination_arn": logs.arn, "format": json.dumps(ACCESS_LOG)},
            tags=self._tags,
            opts=self._child,
        )

    def _serve(self, name: str, api: aws.apigatewayv2.Api, stage: aws.apigatewayv2.Stage) -> None:
        """Give the API its name: a certificate, the domain, and the records of both."""
        args = self._args
        domain = aws.apigatewayv2.DomainName(
            name,
            domain_name=args.domain,
            domain_name_configuration={
                "certificate_arn": self._certificate(name),
                "endpoint_type": "REGIONAL",
                "security_policy": "TLS_1_2",
            },
            tags=self._tags,
            opts=self._child,
        )
        aws.apigatewayv2.ApiMapping(
            name, api_id=api.id, domain_name=domain.id, stage=stage.id, opts=self._child
        )
        self._record(
            f"{name}-origin", args.domain, domain.domain_name_configuration.target_domain_name
        )

    def _certificate(self, name: str) -> pulumi.Output[str]:
        """Return the certificate's ARN once it is issued: Cloudflare's DNS proves who asks."""
        certificate = aws.acm.Certificate(
            name,
            domain_name=self._args.domain,
            validation_method="DNS",
            tags=self._tags,
            opts=self._child,
        )
        proof = certificate.domain_validation_options[0]
        record = self._record(
            f"{name}-proof",
            proof.resource_record_name.apply(lambda host: host.rstrip(".")),
            proof.resource_record_value.apply(lambda host: host.rstrip(".")),
        )
        issued = aws.acm.CertificateValidation(
            name,
            certificate_arn=certificate.arn,
            validation_record_fqdns=[record.name],
            opts=self._child,
        )
        arn: pulumi.Output[str] = issued.certificate_arn
        return arn

    def _record(
        self, name: str, host: pulumi.Input[str], content: pulumi.Input[str]
    ) -> cloudflare.DnsRecord:
        return cloudflare.DnsRecord(
            name,
            zone_id=self._args.zone_id,
            name=host,
            type="CNAME",
            content=content,
            ttl=300,
            proxied=False,
            opts=self._child,
        )

    def _watch(self, name: str, api: aws.apigatewayv2.Api) -> None:
        place, dimensions = self._args.place, {"ApiId": api.id}
        failing = Watch(
            what="The API answers with server errors.",
            runbook="api-5xx",
            namespace="AWS/ApiGateway",
            metric="5xx",
            dimensions=dimensions,
            statistic="Sum",
            bound=5,
            period_seconds=300,
        )
        slow = Watch(
            what="One request in twenty waits too long.",
            runbook="api-latency",
            namespace="AWS/ApiGateway",
            metric="Latency",
            dimensions=dimensions,
            statistic="p95",
            bound=self._args.latency_p95_ms,
            period_seconds=300,
            periods=3,
        )
        for kind, watch in (("5xx", failing), ("latency", slow)):
            alarm_name = place.name(f"{name}-{kind}")
            alarm(alarm_name, watch, self._args.alerting, self._tags, self._child)
