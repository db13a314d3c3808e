"""Backtests, as their queue delivers them: one at a time."""

from typing import Any

from api import telemetry
from api.lambdas.batches import Context, perform_batch
from api.wiring import container

app = container()
telemetry.trace()


def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Perform the batch; answer which messages come back."""
    return perform_batch(event, context, app)
