"""Series that belong to no instrument: exchange rates, factor returns, macro figures."""

from datetime import date as Day  # noqa: N812 - the field is called date
from datetime import datetime
from typing import ClassVar

from sqlalchemy import Double, Text
from sqlmodel import Field

from models.base import INSTANT, Entity, check, finite, plausible_date, positive


class FxRate(Entity, table=True):
    """A currency pair's fixing of one day."""

    __tablename__: ClassVar[str] = "fx_rate"
    __table_args__ = (
        check("pair_shape", "pair ~ '^[A-Z]{6}$'"),
        plausible_date("date"),
        positive("rate"),
    )

    pair: str = Field(
        primary_key=True,
        sa_type=Text,
        description="Two ISO codes: AUDUSD is US dollars for one Australian dollar.",
    )
    date: Day = Field(primary_key=True, description="Day of the fixing.")
    rate: float = Field(sa_type=Double, description="Units of the second for one of the first.")
    source: str = Field(sa_type=Text, description="Who published the fixing.")
    known_at: datetime = Field(sa_type=INSTANT, description="When the fixing became known.")


class FactorReturn(Entity, table=True):
    """A factor's return over one day or month, as a decimal fraction."""

    __tablename__: ClassVar[str] = "factor_return"
    __table_args__ = (
        check("frequency_known", "frequency IN ('daily', 'monthly')"),
        plausible_date("date"),
        finite("value"),
    )

    factor_set: str = Field(primary_key=True, sa_type=Text, description="Set, such as FF3.")
    frequency: str = Field(primary_key=True, sa_type=Text, description="daily or monthly.")
    factor: str = Field(primary_key=True, sa_type=Text, description="Factor, such as RF or HML.")
    date: Day = Field(primary_key=True, description="Last day the return covers.")
    value: float = Field(sa_type=Double, description="Simple return over the period.")
    source: str = Field(sa_type=Text, description="Who published the factor.")
    known_at: datetime = Field(sa_type=INSTANT, description="When the figure became known.")


class MacroSeries(Entity, table=True):
    """A published figure by day, such as a volatility index."""

    __tablename__: ClassVar[str] = "macro_series"
    __table_args__ = (plausible_date("date"), finite("value"))

    series: str = Field(primary_key=True, sa_type=Text, description="Series, such as VIX.")
    date: Day = Field(primary_key=True, description="Day the figure is about.")
    value: float = Field(sa_type=Double, description="The figure, in the series' own unit.")
    source: str = Field(sa_type=Text, description="Who published the figure.")
    known_at: datetime = Field(sa_type=INSTANT, description="When the figure became known.")
