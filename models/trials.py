"""The ledger of trials, and what each run read."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, and_, case, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.backtest import Backtest, Trial
from models.pages import Page, Place, count, ordered, take

ROWS_AT_ONCE = 500
# What the database fills in itself is left to it.
RECORDED = tuple(name for name in Trial.model_fields if name not in {"id", "created_at"})


@dataclass(frozen=True, kw_only=True)
class Tally:
    """A family's trials; variance and best are those of Sharpe ratios per session, None without."""

    all: int
    measured: int
    variance: float | None
    best: float | None


NOTHING_TRIED = Tally(all=0, measured=0, variance=None, best=None)


class TrialRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def record(self, trial: Trial) -> bool:
        """Write the trial; False when this content was already counted in the family."""
        named = {name: getattr(trial, name) for name in type(trial).model_fields}
        statement = (
            insert(Trial)
            .values(**{name: value for name, value in named.items() if value is not None})
            .on_conflict_do_nothing(index_elements=["owner_id", "family", "content_key"])
            .returning(col(Trial.id))
        )
        return await self.session.scalar(statement) is not None

    async def deflate(
        self, *, owner_id: UUID, family: str, threshold: float, trials: int, least_sessions: int
    ) -> None:
        """Deflate the Sharpe ratio of every published run of the family, in one statement.

        The probability that the true ratio exceeds `threshold`, as `engine.overfitting.psr` has
        it; null with fewer than `least_sessions` returns or where the moments leave no variance.
        """
        sharpe, kurtosis = col(Trial.sharpe), col(Trial.kurtosis)
        spread = 1 - col(Trial.skew) * sharpe + (kurtosis - 1) / 4 * sharpe * sharpe
        known = and_(col(Trial.sessions) >= least_sessions, spread > 0)
        z = (sharpe - threshold) * func.sqrt(col(Trial.sessions) - 1) / func.sqrt(spread)
        statement = (
            update(Backtest)
            .where(
                # Not by the run it came from: what a search tried first is that run's trial too.
                col(Backtest.owner_id) == col(Trial.owner_id),
                col(Backtest.content_key) == col(Trial.content_key),
                col(Backtest.summary).is_not(None),
                col(Trial.owner_id) == owner_id,
                col(Trial.family) == family,
            )
            .values(
                deflated_sharpe=case((known, func.erfc(-z / math.sqrt(2.0)) / 2)), trials=trials
            )
        )
        await self.session.execute(statement.execution_options(synchronize_session=False))

    async def record_all(self, trials: Sequence[Trial]) -> None:
        """Write trials, except those whose content was already counted in their family."""
        for start in range(0, len(trials), ROWS_AT_ONCE):
            rows = [
                {name: getattr(trial, name) for name in RECORDED}
                for trial in trials[start : start + ROWS_AT_ONCE]
            ]
            statement = insert(Trial).values(rows)
            await self.session.execute(
                statement.on_conflict_do_nothing(
                    index_elements=["owner_id", "family", "content_key"]
                )
            )

    async def tally(self, *, owner_id: UUID, family: str) -> Tally:
        """Count the family's trials with a Sharpe ratio, and say how those spread."""
        [found] = await self.tallies([family], owner_id=owner_id)
        return found

    async def tallies(self, families: Sequence[str], *, owner_id: UUID) -> list[Tally]:
        """Return the tally of each family, in order."""
        sharpe, family = col(Trial.sharpe), col(Trial.family)
        statement = (
            select(
                family, func.count(), func.count(sharpe), func.var_samp(sharpe), func.max(sharpe)
            )
            .where(col(Trial.owner_id) == owner_id, family.in_(families))
            .group_by(family)
        )
        found = {
            row[0]: Tally(all=row[1], measured=row[2], variance=row[3], best=row[4])
            for row in await self.session.execute(statement)
        }
        return [found.get(each, NOTHING_TRIED) for each in families]

    async def families(
        self, strategies: Sequence[str], *, owner_id: UUID
    ) -> dict[str, list[tuple[str, Tally]]]:
        """Return the families of each of these strategies with their tallies, most trials first."""
        sharpe, family = col(Trial.sharpe), col(Trial.family)
        strategy = func.split_part(family, ":", 1)
        statement = (
            select(
                strategy,
                family,
                func.count(),
                func.count(sharpe),
                func.var_samp(sharpe),
                func.max(sharpe),
            )
            .where(col(Trial.owner_id) == owner_id, strategy.in_(strategies))
            .group_by(strategy, family)
            .order_by(func.count().desc(), family)
        )
        found: dict[str, list[tuple[str, Tally]]] = {key: [] for key in strategies}
        for key, name, *counts in await self.session.execute(statement):
            tally = Tally(all=counts[0], measured=counts[1], variance=counts[2], best=counts[3])
            found[key].append((name, tally))
        return found

    async def list_page(
        self, *, owner_id: UUID, family: str, first: int, after: Place | None = None
    ) -> Page[Trial]:
        """Return the family's trials, oldest first. A place is (created_at, id)."""
        found = ordered(
            self._of_family(owner_id, family),
            col(Trial.created_at),
            col(Trial.id),
            descending=False,
            after=after,
        )
        return await take(self.session, found, first)

    async def count_before(self, trial: Trial) -> int:
        """Return how many trials of its family came before this one."""
        created = col(Trial.created_at)
        earlier = or_(
            created < trial.created_at,
            and_(created == trial.created_at, col(Trial.id) < trial.id),
        )
        statement = select(func.count()).where(
            col(Trial.owner_id) == trial.owner_id, col(Trial.family) == trial.family, earlier
        )
        return await self.session.scalar(statement) or 0

    async def count_listed(self, *, owner_id: UUID, family: str) -> int | None:
        return await count(self.session, self._of_family(owner_id, family))

    def _of_family(self, owner_id: UUID, family: str) -> Select[Trial]:
        return select(Trial).where(col(Trial.owner_id) == owner_id, col(Trial.family) == family)
