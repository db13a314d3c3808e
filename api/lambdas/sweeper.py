"""The sweeper, once a minute; objects without an owner once an hour."""

from typing import Any

from sqlalchemy.exc import DBAPIError

from api import telemetry
from api.container import container, runner
from api.errors import ServerError
from api.lambdas.batches import Context, deadline_of
from api.services.failures import failure_of
from api.services.sweeper import is_full_hour, sweep_all, sweep_objects, take_stock
from api.services.work import Deadline
from api.telemetry import Metric, logger, meter

app = container()
telemetry.trace()


def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Mend what crashes left behind; answer how much it was."""
    return runner.run(sweep(event, context))


async def sweep(event: dict[str, Any], context: Context) -> dict[str, Any]:
    with telemetry.invocation(context.aws_request_id):
        try:
            return await _sweep(event, deadline_of(context, app))
        except DBAPIError as error:
            # The runtime prints what leaves us word for word; a driver's words are statements.
            logger.exception("the sweep failed")
            raise ServerError(failure_of(error).message) from None


async def _sweep(event: dict[str, Any], deadline: Deadline) -> dict[str, Any]:
    swept = await sweep_all(app.sessions, app.queue, app.patience, deadline=deadline)
    meter.add(Metric.JOBS_SWEPT, len(swept))
    await take_stock(app.sessions)
    removed = 0
    if is_full_hour(event.get("time")):
        removed = await sweep_objects(app.sessions, app.store, deadline=deadline)
        meter.add(Metric.OBJECTS_SWEPT, removed)
    return {"jobs": len(swept), "objects": removed}
