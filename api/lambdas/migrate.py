"""The schema, brought to the newest revision by each deployment before it takes traffic."""

from typing import Any

from api import telemetry
from api.container import container, runner
from api.lambdas.batches import Context
from api.services.migration import migrate

app = container()


def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Answer the revision the database is at. A failure is raised: the deployment stops."""
    return runner.run(bring_up(event, context))


async def bring_up(event: dict[str, Any], context: Context) -> dict[str, Any]:
    with telemetry.invocation(context.aws_request_id):
        address = await app.migration_address()
        roles = [role.strip() for role in (app.settings.app_role or "").split(",") if role.strip()]
        revision = await migrate(address, to=event.get("revision"), roles=roles)
    return {"revision": revision}
