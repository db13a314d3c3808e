"""The one clock: leases and deadlines are compared where they are stored."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Float, func, literal


def now() -> ColumnElement[datetime]:
    """When this transaction began, by the database."""
    return func.now()


def seconds_from_now(seconds: float | timedelta) -> ColumnElement[datetime]:
    span = seconds.total_seconds() if isinstance(seconds, timedelta) else seconds
    return func.now() + func.make_interval(0, 0, 0, 0, 0, 0, literal(span, Float))
