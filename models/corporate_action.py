"""Splits, dividends and ends of listings as we now believe them, and what we believed before."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar, NamedTuple

from sqlalchemy import BigInteger, Double, Identity, Text, UniqueConstraint
from sqlmodel import Field

from models.base import INSTANT, NOW, Choice, Entity, check, one_of, plausible_date, positive


class ActionKind(StrEnum):
    SPLIT = "SPLIT"
    DIVIDEND = "DIVIDEND"
    DELISTING = "DELISTING"  # what holders got when the listing ended


class ActionRow(NamedTuple):
    """One split (ratio, new shares per old one), dividend (cash per share) or delisting on its way.

    Of several dividends that go ex on one day, cash is the sum. It is paid per share as it trades
    on the ex date, in the instrument's currency; `currency` says which that is. A delisting pays
    cash, which may be 0, or `ratio` shares of the successor for one, or both.
    """

    instrument_id: int
    ex_date: date
    kind: str
    ratio: float | None
    cash: float | None
    currency: str | None
    pay_date: date | None
    source: str
    known_at: datetime
    successor_id: int | None = None


ENDED = "kind = 'DELISTING'"


class CorporateAction(Entity, table=True):
    """A split, a dividend or the end of a listing, on the first day that trades without it."""

    __tablename__: ClassVar[str] = "corporate_action"
    __table_args__ = (
        UniqueConstraint("instrument_id", "ex_date", "kind"),
        one_of("kind", ActionKind),
        plausible_date("ex_date"),
        positive("ratio"),
        check("cash_positive", "cash > 0 AND cash < 'Infinity'::float8 OR cash = 0 AND " + ENDED),
        check("split_has_ratio", f"(kind = 'SPLIT') = (ratio IS NOT NULL) OR {ENDED}"),
        check("dividend_has_cash", f"(kind = 'DIVIDEND') = (cash IS NOT NULL) OR {ENDED}"),
        check("delisting_pays", "kind <> 'DELISTING' OR num_nonnulls(ratio, cash) > 0"),
        check(
            "successor_has_ratio",
            f"(successor_id IS NOT NULL) = ({ENDED} AND ratio IS NOT NULL)",
        ),
        check("successor_is_another", "successor_id <> instrument_id"),
        check("currency_iso", "currency ~ '^[A-Z]{3}$'"),
    )

    id: int = Field(
        default=None,
        primary_key=True,
        sa_type=BigInteger,
        sa_column_args=[Identity()],
        description="Running number.",
    )
    instrument_id: int = Field(
        foreign_key="instrument.id", sa_type=BigInteger, description="Whose action it is."
    )
    ex_date: date = Field(description="First day that trades without it.")
    kind: ActionKind = Field(
        sa_type=Choice(ActionKind), description="SPLIT, DIVIDEND or DELISTING."
    )
    ratio: float | None = Field(
        default=None,
        sa_type=Double,
        description="New shares for one old share: its own at a split, a successor's at the end.",
    )
    cash: float | None = Field(
        default=None,
        sa_type=Double,
        description="Amount per share as it trades on the ex date; 0 only where a listing ends.",
    )
    currency: str | None = Field(
        default=None, sa_type=Text, description="ISO 4217 code of the amount."
    )
    pay_date: date | None = Field(default=None, description="Day of payment, when known.")
    successor_id: int | None = Field(
        default=None,
        foreign_key="instrument.id",
        sa_type=BigInteger,
        description="Whose shares one share became when its listing ended.",
    )
    source: str = Field(sa_type=Text, description="Where the action comes from.")
    known_at: datetime = Field(
        sa_type=INSTANT,
        description="When it became known: open of the ex date, or when a correction came.",
    )
    recorded_at: datetime = Field(
        default=None,
        sa_type=INSTANT,
        sa_column_kwargs=NOW,
        description="When these values were written here, for audit.",
    )


class CorporateActionRevision(Entity, table=True):
    """What an action was before a correction, and how long that was believed."""

    __tablename__: ClassVar[str] = "corporate_action_revision"
    __table_args__ = (
        one_of("kind", ActionKind),
        check("believed_for_a_while", "known_at < known_to"),
    )

    instrument_id: int = Field(
        primary_key=True,
        foreign_key="instrument.id",
        sa_type=BigInteger,
        description="Whose action it was.",
    )
    ex_date: date = Field(primary_key=True, description="First day that trades without it.")
    kind: ActionKind = Field(
        primary_key=True, sa_type=Choice(ActionKind), description="SPLIT, DIVIDEND or DELISTING."
    )
    known_to: datetime = Field(
        primary_key=True, sa_type=INSTANT, description="When the correction became known."
    )
    known_at: datetime = Field(sa_type=INSTANT, description="When these values became known.")
    ratio: float | None = Field(default=None, sa_type=Double, description="New shares for one old.")
    cash: float | None = Field(default=None, sa_type=Double, description="Amount per share.")
    currency: str | None = Field(
        default=None, sa_type=Text, description="ISO 4217 code of the amount."
    )
    pay_date: date | None = Field(default=None, description="Day of payment, when known.")
    successor_id: int | None = Field(
        default=None,
        foreign_key="instrument.id",
        sa_type=BigInteger,
        description="Whose shares one share was to become.",
    )
    source: str = Field(sa_type=Text, description="Where the action came from.")
    recorded_at: datetime = Field(
        sa_type=INSTANT, description="When these values had been written here."
    )
    reason: str = Field(sa_type=Text, description="Why the action changed.")
