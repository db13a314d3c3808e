"""Ingests, as their queue delivers them: what schedules ask for, and jobs that are sent again."""

from typing import Any

from api import telemetry
from api.container import container
from api.lambdas.batches import Context, perform_batch

app = container()
telemetry.trace()


def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Perform the batch; answer which messages come back."""
    return perform_batch(event, context, app)
