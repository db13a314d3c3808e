"""A document answered as the edge would have it, by an application of the caller's."""

from typing import Any

import orjson

from api.graphql.execute import answer
from api.graphql.request import GraphQLRequest
from api.services.identity import ALL_SCOPES
from api.wiring import App


async def asked(
    app: App, document: str, *, viewer_id: Any = None, scopes: Any = ALL_SCOPES, **variables: Any
) -> dict[str, Any]:
    """Return the body as plain JSON values."""
    told = await answer(
        GraphQLRequest(document, variables=variables),
        app,
        viewer_id=viewer_id or app.settings.owner_id,
        scopes=scopes,
        request_id="test",
    )
    body: dict[str, Any] = orjson.loads(orjson.dumps(told.body))
    return body
