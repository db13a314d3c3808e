"""How providers fare, told by whoever has just asked them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.provider_state import ProviderState

# Failures add up until a success; a quota the provider did not tell is what it was.
RECORD = text("""
    INSERT INTO provider_state AS p
        (name, last_success_at, last_failure_at, errors, open_until, requests_left)
    VALUES (
        :name,
        CASE WHEN :succeeded THEN now() END,
        CASE WHEN :failed THEN now() END,
        :errors, :open_until, :requests_left
    )
    ON CONFLICT (name) DO UPDATE SET
        last_success_at = coalesce(excluded.last_success_at, p.last_success_at),
        last_failure_at = coalesce(excluded.last_failure_at, p.last_failure_at),
        errors = CASE WHEN :succeeded THEN excluded.errors ELSE (
            SELECT coalesce(jsonb_object_agg(kind, total), '{}') FROM (
                SELECT kind, sum(times::bigint) AS total FROM (
                    SELECT * FROM jsonb_each_text(p.errors)
                    UNION ALL SELECT * FROM jsonb_each_text(excluded.errors)
                ) AS counted (kind, times) GROUP BY kind
            ) AS summed
        ) END,
        open_until = excluded.open_until,
        requests_left = coalesce(excluded.requests_left, p.requests_left),
        updated_at = now()
""").bindparams(bindparam("errors", type_=JSONB))


class ProviderStateRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def record(
        self,
        name: str,
        *,
        succeeded: bool,
        errors: Mapping[str, int],
        open_until: datetime | None = None,
        requests_left: int | None = None,
    ) -> None:
        """Tell how a provider has fared: whether it gave something, and failures by kind since.

        `errors` counts the failures after the last success of this telling, or all of them when
        there was none; these add to what is stored.
        """
        asked = {
            "name": name,
            "succeeded": succeeded,
            "failed": bool(errors),
            "errors": dict(errors),
            "open_until": open_until,
            "requests_left": requests_left,
        }
        await self.session.execute(RECORD, asked)

    async def list(self) -> Sequence[ProviderState]:
        """Return every provider that was ever asked, by name."""
        found = select(ProviderState).order_by(col(ProviderState.name))
        return (
            await self.session.scalars(found, execution_options={"populate_existing": True})
        ).all()
