"""The built client: files as they are, and its one document for every route it knows."""

from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOREVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
DOCUMENT, PLAYGROUND = "index.html", "playground.html"
UNBUILT = """<!doctype html><html lang="en-AU"><title>Potential Parakeet</title>
<p>The page is not built yet: <code>make run</code> builds it. GraphQL answers at
<code>/graphql</code>.</p></html>"""


class Page(StaticFiles):
    """Serves the client. A file carries its hash in its name, so it never changes."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory=directory, check_dir=False)
        self.folder = directory

    async def check_config(self) -> None:
        """Start without a build too: the API is useful alone."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file, or the document whose script knows the route."""
        name = PLAYGROUND if path == "playground" else path
        try:
            response = await super().get_response(name, scope)
        except HTTPException as e:
            if e.status_code != 404 or not _is_route(path):
                raise
            response = await self._document(scope)
        forever = path.startswith("assets/") and response.status_code < 400
        response.headers.setdefault("cache-control", FOREVER if forever else ASK_AGAIN)
        return response

    async def _document(self, scope: Scope) -> Response:
        if not (self.folder / DOCUMENT).is_file():
            return HTMLResponse(UNBUILT, status_code=503)
        return await super().get_response(DOCUMENT, scope)


def _is_route(path: str) -> bool:
    """Tell a route of the client from a file that is missing."""
    return not path.startswith("assets/") and "." not in Path(path).name.lstrip(".")
