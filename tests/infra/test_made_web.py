"""How a stack is reached: its API, its names, its edge."""

from typing import Any

from tests.infra.cloud import SECRETS, BuiltStack


def test_api_has_three_routes_and_one_of_them_is_open(stack: BuiltStack, ask: Any):
    gateway = ask("apigatewayv2")
    api = gateway.get_api(ApiId=stack.one("aws:apigatewayv2/api:Api", "api").id)
    routes = gateway.get_routes(ApiId=api["ApiId"])["Items"]

    assert {route["RouteKey"]: route["AuthorizationType"] for route in routes} == {
        "POST /graphql": "JWT",
        "GET /downloads/{proxy+}": "JWT",
        "GET /healthz": "NONE",
    }
    assert api["DisableExecuteApiEndpoint"] is True
    stage = gateway.get_stage(ApiId=api["ApiId"], StageName="$default")
    limits = stage["RouteSettings"]["GET /healthz"]
    assert (limits["ThrottlingBurstLimit"], limits["ThrottlingRateLimit"]) == (10, 5)
    assert api["CorsConfiguration"]["AllowOrigins"] == [f"https://app.{stack.name}.example.com"]
    guards = {route["AuthorizerId"] for route in routes if route["AuthorizationType"] == "JWT"}
    (guard,) = guards
    authorizer = gateway.get_authorizer(ApiId=api["ApiId"], AuthorizerId=guard)
    assert authorizer["JwtConfiguration"] == {
        "Issuer": "https://login.example.com/",
        "Audience": ["parakeet"],
    }
    (integration,) = gateway.get_integrations(ApiId=api["ApiId"])["Items"]
    alias = f":function:parakeet-{stack.name}-query:live/invocations"
    assert integration["IntegrationUri"].endswith(alias)
    assert integration["PayloadFormatVersion"] == "2.0"


def test_api_answers_under_its_own_name_with_a_proven_certificate(stack: BuiltStack, ask: Any):
    host = f"origin.{stack.name}.example.com"
    domain = ask("apigatewayv2").get_domain_name(DomainName=host)
    (given,) = domain["DomainNameConfigurations"]
    certificate = ask("acm").describe_certificate(CertificateArn=given["CertificateArn"])
    (option,) = certificate["Certificate"]["DomainValidationOptions"]
    records = {made.name: made.inputs for made in stack.of("cloudflare:index/dnsRecord:DnsRecord")}

    assert given["SecurityPolicy"] == "TLS_1_2"
    assert certificate["Certificate"]["DomainName"] == host
    proof = records["api-proof"]
    assert f"{proof['name']}." == option["ResourceRecord"]["Name"]
    assert proof["content"] == option["ResourceRecord"]["Value"].rstrip(".")
    assert (records["api-origin"]["name"], records["api-origin"]["proxied"]) == (host, False)


def test_edge_is_told_where_and_whom_to_trust(stack: BuiltStack):
    script = stack.one("cloudflare:index/workersScript:WorkersScript", "edge").inputs
    bindings = {bound["name"]: bound for bound in script["bindings"]}
    host = f"{stack.name}.example.com"

    assert {name: bound["text"] for name, bound in bindings.items() if "text" in bound} == {
        "ORIGIN": f"https://origin.{host}",
        "TOKEN_ISSUER": "https://login.example.com/",
        "TOKEN_AUDIENCE": "parakeet",
        "JWKS_URL": "https://login.example.com/.well-known/jwks.json",
        "ALLOWED_ORIGINS": f'["https://app.{host}"]',
        "EDGE_KEYS": SECRETS["edgeKeys"],
        "LIMIT_SECONDS": "60",
    }
    assert bindings["EDGE_KEYS"]["type"] == "secret_text"
    assert {name: bound["simple"] for name, bound in bindings.items() if "simple" in bound} == {
        "SUBJECT_LIMIT": {"limit": 300, "period": 60},
        "ADDRESS_LIMIT": {"limit": 60, "period": 60},
    }
    route = stack.one("cloudflare:index/workersRoute:WorkersRoute", "edge").inputs
    assert (route["pattern"], route["script"]) == (f"api.{host}/*", f"parakeet-{stack.name}-edge")
    record = stack.one("cloudflare:index/dnsRecord:DnsRecord", "edge").inputs
    assert (record["name"], record["proxied"]) == (f"api.{host}", True)
