"""The sweeper, once a minute; objects without an owner once an hour."""

from typing import Any

from api import telemetry
from api.container import container, runner
from api.lambdas.batches import Context, deadline_of
from api.services.sweeper import is_full_hour, sweep_all, sweep_objects, take_stock
from api.telemetry import Metric, meter

app = container()
telemetry.trace()


def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Mend what crashes left behind; answer how much it was."""
    return runner.run(sweep(event, context))


async def sweep(event: dict[str, Any], context: Context) -> dict[str, Any]:
    deadline = deadline_of(context, app)
    removed = 0
    with telemetry.invocation(context.aws_request_id):
        swept = await sweep_all(app.sessions, app.queue, app.patience, deadline=deadline)
        meter.add(Metric.JOBS_SWEPT, len(swept))
        await take_stock(app.sessions)
        if is_full_hour(event.get("time")):
            removed = await sweep_objects(app.sessions, app.store, deadline=deadline)
            meter.add(Metric.OBJECTS_SWEPT, removed)
    return {"jobs": len(swept), "objects": removed}
