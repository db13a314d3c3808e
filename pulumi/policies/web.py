"""The API and the edge: one way in, and it is guarded."""

from collections.abc import Iterator

from policies.seen import Resources, Violation, listed, of, refers, violation

API = "aws:apigatewayv2/api:Api"
PUBLIC = ("GET /healthz",)
SCRIPT = "cloudflare:index/workersScript:WorkersScript"
SUBDOMAIN = "cloudflare:index/workersScriptSubdomain:WorkersScriptSubdomain"
PERIODS = (10, 60)


def closed_default_endpoint(resources: Resources) -> Iterator[Violation]:
    """Answer under the stack's own name only, over TLS 1.2 or later."""
    for api in of(resources, API):
        if not api.get("disableExecuteApiEndpoint"):
            yield violation(api, "answers under execute-api too")
    for domain in of(resources, "aws:apigatewayv2/domainName:DomainName"):
        if domain.get("domainNameConfiguration")["securityPolicy"] != "TLS_1_2":
            yield violation(domain, "accepts old TLS")


def exact_origins(resources: Resources) -> Iterator[Violation]:
    """Name each origin that may read answers."""
    for api in of(resources, API):
        origins = listed((api.get("corsConfiguration") or {}).get("allowOrigins"))
        if not origins or any("*" in origin for origin in origins):
            yield violation(api, f"its origins are {origins}: name each exactly")


def callers_are_checked(resources: Resources) -> Iterator[Violation]:
    """Demand a token on every route but the health check."""
    for route in of(resources, "aws:apigatewayv2/route:Route"):
        checked = route.get("authorizationType") == "JWT" and route.get("authorizerId")
        if route.get("routeKey") not in PUBLIC and not checked:
            yield violation(route, f"{route.get('routeKey')} asks for no token")


def requests_are_bounded(resources: Resources) -> Iterator[Violation]:
    """Throttle the API, and count at the edge in periods that Cloudflare knows."""
    for stage in of(resources, "aws:apigatewayv2/stage:Stage"):
        limits = stage.get("defaultRouteSettings") or {}
        if not (limits.get("throttlingBurstLimit") and limits.get("throttlingRateLimit")):
            yield violation(stage, "is not throttled")
    for script in of(resources, SCRIPT):
        limits = [bound for bound in script.get("bindings") if bound["type"] == "ratelimit"]
        if not limits or any(bound["simple"]["period"] not in PERIODS for bound in limits):
            yield violation(script, "counts no requests, or in a period that is not 10 or 60 s")


def edge_by_its_host_only(resources: Resources) -> Iterator[Violation]:
    """Keep the Worker off workers.dev, where no route and no host guards it."""
    closed = [found for found in of(resources, SUBDOMAIN) if found.get("enabled") is False]
    for script in of(resources, SCRIPT):
        if not any(found.get("scriptName") == script.get("scriptName") for found in closed):
            yield violation(script, "answers on workers.dev too")


def invoked_by_one_api(resources: Resources) -> Iterator[Violation]:
    """Let only this API call the function, and only through the alias."""
    apis = of(resources, API)
    for permission in of(resources, "aws:lambda/permission:Permission"):
        source = str(permission.get("sourceArn"))
        ours = any(f":{api.get('id')}/" in source for api in apis)
        if not (ours or permission.is_unknown("sourceArn")):
            yield violation(permission, "other APIs may call the function")
        if permission.get("qualifier") != "live":
            yield violation(permission, "grants the function and not its alias")


def pages_point_at_the_project(resources: Resources) -> Iterator[Violation]:
    """Serve the pages' host from this stack's project."""
    projects = of(resources, "cloudflare:index/pagesProject:PagesProject")
    for domain in of(resources, "cloudflare:index/pagesDomain:PagesDomain"):
        if not any(refers(domain, "projectName", project) for project in projects):
            yield violation(domain, "belongs to another project")
