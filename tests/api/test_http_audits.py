"""GraphQL over HTTP as npm's graphql-http audits it: 61 of 61, by both of our ways in."""

from api.graphql.execute import Profile
from api.http import create_app
from tests.api.auditing import audit, gateway
from tests.api.edge import deployed, origin_of

# What an audit asks for and no caller gets: queries by GET.
AUDITED = Profile(queries_by_get=True)
BY_GET = {"5A70", "D6D5", "6A70"}
# Both ask for `__type`, by either media type.
BY_INTROSPECTION = {"28B9", "2EA1"}


async def test_all_audits_pass_on_the_local_server(app, built):
    async with origin_of(app, built, profile=AUDITED) as url:
        assert await audit(f"{url}/graphql") == {}


async def test_all_audits_pass_behind_the_gateway(app, built):
    with gateway(create_app(app, client=built, profile=AUDITED)) as url:
        assert await audit(url) == {}


async def test_without_introspection_and_get_only_their_audits_differ(app, built):
    async with origin_of(app, built, profile=Profile(introspection=False)) as url:
        differ = await audit(f"{url}/graphql")

    assert set(differ) == BY_GET | BY_INTROSPECTION


async def test_through_edge_and_origin_only_get_differs(engine, tmp_path):
    async with deployed(engine, tmp_path) as deployment:
        token = deployment.issuer.token({"claims": {"scope": "api:explore"}})
        headers = {"authorization": f"Bearer {token}"}

        differ = await audit(str(deployment.edge.base_url.join("/graphql")), headers)

    assert set(differ) == BY_GET
