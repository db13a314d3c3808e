"""What the functions behind queues have in common."""

import os
import sys
from typing import Any, Protocol

from api import telemetry
from api.container import FunctionApp, runner
from api.services.deliveries import batch_answer, consume, records_of
from api.services.work import Deadline


class Context(Protocol):
    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int: ...


def perform_batch(event: dict[str, Any], context: Context, app: FunctionApp) -> dict[str, Any]:
    """Perform the jobs of a batch of SQS; name the messages that must come back."""
    answer = runner.run(_perform_batch(event, context, app))
    if app.is_spent:
        # A computation goes on that nothing can end but its process. What it was about is
        # recorded: its message comes back after a while and finds nothing to do.
        sys.stdout.flush()
        os._exit(1)
    return answer


async def _perform_batch(
    event: dict[str, Any], context: Context, app: FunctionApp
) -> dict[str, Any]:
    with telemetry.invocation(context.aws_request_id):
        deadline = deadline_of(context, app)
        back = await consume(records_of(event), app.handle, app.sessions, deadline=deadline)
    return batch_answer(back)


def deadline_of(context: Context, app: FunctionApp) -> Deadline:
    seconds = context.get_remaining_time_in_millis() / 1_000
    return Deadline.after(seconds, soft_stop_seconds=app.settings.soft_stop_seconds)
