"""Corporate actions in bulk: writes that keep what they replace, reads as of an instant."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from models.corporate_action import ActionKind, ActionRow
from models.staging import TAKE_TURNS, Written, differ, staged

COLUMNS = ", ".join(ActionRow._fields)
KEYS = ("instrument_id", "ex_date", "kind")
FIGURES = ("ratio", "cash")
WORDS = ("currency", "pay_date", "successor_id")
VALUES = (*FIGURES, *WORDS, "source")
KEPT = ", ".join((*KEYS, "known_at", *VALUES, "recorded_at"))


def _each(prefix: str) -> str:
    return ", ".join(f"{prefix}.{name}" for name in VALUES)


# The correction is known from now on, and what it replaces was believed until now.
MERGE = f"""
    WITH merged AS (
        INSERT INTO corporate_action AS a ({COLUMNS})
        SELECT {COLUMNS} FROM staged ORDER BY instrument_id, ex_date, kind
        ON CONFLICT ({", ".join(KEYS)}) DO UPDATE SET
            ({", ".join(VALUES)}) = ROW ({_each("excluded")}),
            known_at = greatest(statement_timestamp(), a.known_at + interval '1 microsecond'),
            recorded_at = statement_timestamp()
        WHERE {differ("a", "excluded", figures=FIGURES, words=WORDS)}
        RETURNING old.instrument_id, old.ex_date, old.kind, new.known_at AS known_to,
            old.known_at, {_each("old")}, old.recorded_at
    ), kept AS (
        INSERT INTO corporate_action_revision ({KEPT}, known_to, reason)
        SELECT {KEPT}, known_to, :reason FROM merged WHERE instrument_id IS NOT NULL
    )
    SELECT count(*) FILTER (WHERE instrument_id IS NULL) AS new, count(instrument_id) AS revised
    FROM merged
"""  # noqa: S608 - our own names

# What we believed at an instant: the current actions then known, and those since replaced.
VERSIONS = f"""(
    SELECT {COLUMNS}, 'infinity'::timestamptz AS known_to FROM corporate_action
    UNION ALL
    SELECT {COLUMNS}, known_to FROM corporate_action_revision
)"""  # noqa: S608
BELIEVED = f"""
    SELECT {COLUMNS} FROM {VERSIONS} believed
    WHERE instrument_id = ANY (CAST(:ids AS bigint[]))
        AND kind = ANY (CAST(:kinds AS text[]))
        AND known_at <= coalesce(CAST(:known_at AS timestamptz), 'infinity')
        AND (known_to = 'infinity' OR known_to > CAST(:known_at AS timestamptz))
    ORDER BY instrument_id, ex_date, kind
"""  # noqa: S608
INTO = f"""
    SELECT {COLUMNS} FROM corporate_action WHERE successor_id = ANY (CAST(:ids AS bigint[]))
    ORDER BY instrument_id, ex_date
"""  # noqa: S608
# What is no longer believed was, until now.
WITHDRAW = f"""
    WITH gone AS (
        DELETE FROM corporate_action WHERE ({", ".join(KEYS)}) IN (SELECT * FROM unnest(
            CAST(:ids AS bigint[]), CAST(:days AS date[]), CAST(:kinds AS text[])
        )) RETURNING *
    )
    INSERT INTO corporate_action_revision ({KEPT}, known_to, reason)
    SELECT {KEPT}, greatest(statement_timestamp(), known_at + interval '1 microsecond'), :reason
    FROM gone
"""  # noqa: S608
LAST_TOLD = """
    SELECT greatest(
        (SELECT max(known_at) FROM corporate_action WHERE instrument_id = ANY (:ids)),
        (SELECT max(known_to) FROM corporate_action_revision WHERE instrument_id = ANY (:ids))
    )
"""


class CorporateActionRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def write(
        self, rows: Iterable[ActionRow], *, reason: str = "the source changed"
    ) -> Written:
        """Write actions, at most one for each instrument, ex date and kind.

        One that differs from the stored one replaces it: the old values go to the revisions and
        the new ones are known from now on, whatever their `known_at` says. Equal ones are not
        touched.
        """
        async with staged(self.session, "corporate_action", ActionRow._fields, rows) as given:
            await self.session.execute(text(TAKE_TURNS))
            row = (await self.session.execute(text(MERGE), {"reason": reason})).one()
        return Written(row.new, row.revised, given - row.new - row.revised)

    async def withdraw(self, keys: Iterable[tuple[int, date, str]], *, reason: str) -> None:
        """Believe no longer in actions, named by instrument, ex date and kind."""
        ids, days, kinds = zip(*keys, strict=True)
        asked = {"ids": ids, "days": days, "kinds": kinds, "reason": reason}
        await self.session.execute(text(WITHDRAW), asked)

    async def last_told(self, instrument_ids: Sequence[int]) -> datetime | None:
        """Return when an action of these became known or ceased to be believed, last of all."""
        asked = {"ids": list(instrument_ids)}
        told: datetime | None = await self.session.scalar(text(LAST_TOLD), asked)
        return told

    async def of(
        self, instrument_ids: Sequence[int], *, known_at: datetime | None = None
    ) -> list[ActionRow]:
        """Return splits and dividends as known at an instant or now, by instrument and ex date."""
        return await self._believed(instrument_ids, ("DIVIDEND", "SPLIT"), known_at)

    async def endings(
        self, instrument_ids: Sequence[int], *, known_at: datetime | None = None
    ) -> list[ActionRow]:
        """Return what holders got when listings ended, likewise; of several days the last."""
        told = await self._believed(instrument_ids, ("DELISTING",), known_at)
        return list({each.instrument_id: each for each in told}.values())

    async def mergers_into(self, instrument_ids: Sequence[int]) -> list[ActionRow]:
        """Return the ends of listings, believed now, whose holders got shares of these."""
        asked = {"ids": list(instrument_ids)}
        return [ActionRow(*row) for row in await self.session.execute(text(INTO), asked)]

    async def all_of(self, instrument_ids: Sequence[int]) -> list[ActionRow]:
        """Return actions of every kind as believed now, by instrument and ex date."""
        return await self._believed(instrument_ids, [kind.value for kind in ActionKind], None)

    async def _believed(
        self, instrument_ids: Sequence[int], kinds: Sequence[str], known_at: datetime | None
    ) -> list[ActionRow]:
        asked = {"ids": list(instrument_ids), "kinds": list(kinds), "known_at": known_at}
        return [ActionRow(*row) for row in await self.session.execute(text(BELIEVED), asked)]
