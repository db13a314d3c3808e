"""The HTTP edge: GraphQL, health, downloads, and the page.

POST /graphql, GET /healthz, GET /downloads/<key>; everything else is the built client.
"""

from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware

from api.graphql.execute import PROFILE, Profile
from api.http.endpoints import FILE_TYPES, Endpoints
from api.http.headers import Headed
from api.http.page import Page
from api.settings import DEPLOYED
from api.wiring import App

CLIENT = Path(__file__).parents[2] / "client" / "dist"
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]


def create_app(app: App, *, client: Path = CLIENT, profile: Profile = PROFILE) -> Starlette:
    """Build the application around what the process was wired with."""
    endpoints = Endpoints(app, profile)
    http = Starlette()
    # Every method, or a GET would fall through to the page.
    http.add_route("/graphql", endpoints.graphql, methods=METHODS)
    http.add_route("/healthz", endpoints.health, methods=["GET"])
    http.add_route("/downloads/{key:path}", endpoints.download, methods=["GET"])
    http.mount("/", Page(client))
    packed = (*DEFAULT_EXCLUDED_CONTENT_TYPES, FILE_TYPES["parquet"])
    http.add_middleware(
        GZipMiddleware, minimum_size=2_000, compresslevel=4, exclude_content_types=packed
    )
    deployed = app.settings.environment in DEPLOYED
    if deployed:
        from api.http.identity import Identified

        http.add_middleware(Identified, parts=app)
    http.add_middleware(Headed, any_host=deployed)
    return http
