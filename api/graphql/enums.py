"""Enumerations of the contract: the entities' own, described, and those only the API knows."""

from enum import StrEnum

import strawberry

from models.backtest import Allocator, Currency, DecisionClock, FillPolicy, Rebalance
from models.corporate_action import ActionKind
from models.instrument import AssetClass, Exchange
from models.job import JobStatus
from models.price_bar import DataQuality
from models.study import SearchMethod, ValidationMethod
from models.trade import Side, TradeStatus
from models.universe import Region

strawberry.enum(Region, description="Where the members of a universe trade.")
strawberry.enum(Exchange, description="Market whose calendar an instrument follows.")
strawberry.enum(Currency, description="Currency a run or a price is expressed in.")
strawberry.enum(AssetClass, description="Kind of asset.")
strawberry.enum(
    ActionKind, description="What happened to a share; DELISTING says what holders got at the end."
)
strawberry.enum(DataQuality, description="How far a bar is trusted; BAD bars are never used.")
strawberry.enum(Rebalance, description="On the last session of which period a run decides.")
strawberry.enum(JobStatus, description="Where a job stands; the last three are final.")
strawberry.enum(
    Allocator, description="How the chosen assets share the money, instead of the strategy's way."
)
strawberry.enum(
    FillPolicy,
    description="Where an order is filled. NEXT_OPEN falls back to the next close where no open "
    "is known. DECISION_CLOSE is for replicating papers: it is not tradable, and guards say so.",
)
strawberry.enum(Side, description="Side of an order or a trade; SELL opens a short one.")
strawberry.enum(TradeStatus, description="Where a trade stands; CANCELLED is final.")
strawberry.enum(
    SearchMethod,
    description="GRID tries every combination, RANDOM scatters them evenly, BAYESIAN learns where "
    "to look from the trials before.",
)
strawberry.enum(
    ValidationMethod,
    description="WALK_FORWARD chooses on the past and tests on what follows; CPCV tests every "
    "choice of groups, with the sessions around each of them left out.",
)
strawberry.enum(DecisionClock, description="At which market's close a run decides.")


@strawberry.enum(description="Field of a bar.")
class PriceField(StrEnum):
    OPEN = "open"
    HIGH = "high"
    LOW = "low"
    CLOSE = "close"
    ADJUSTED_CLOSE = "adjusted_close"
    VOLUME = "volume"


@strawberry.enum(description="Figure of a rolling window.")
class RollingMetric(StrEnum):
    SHARPE = "SHARPE"
    SORTINO = "SORTINO"
    VOLATILITY = "VOLATILITY"
    BETA = "BETA"
    RETURN = "RETURN"


@strawberry.enum(description="Area of ideas a strategy belongs to.")
class StrategyFamily(StrEnum):
    MOMENTUM = "MOMENTUM"
    RISK_PARITY = "RISK_PARITY"
    MEAN_REVERSION = "MEAN_REVERSION"
    BREAKOUT = "BREAKOUT"
    STAT_ARB = "STAT_ARB"
    REGIME = "REGIME"
    META = "META"
    VOLATILITY = "VOLATILITY"
    HARD_ASSETS = "HARD_ASSETS"
    BENCHMARK = "BENCHMARK"


@strawberry.enum(description="Whom to ask for prices. AUTO asks the usual one for each symbol.")
class PriceSource(StrEnum):
    AUTO = "AUTO"
    SAMPLE = "SAMPLE"
    TIINGO = "TIINGO"
    YAHOO = "YAHOO"
    CSV = "CSV"


# The table also knows SHARD and GUARD, which are nobody's business outside.
@strawberry.enum(description="What sort of work a job does.")
class JobKind(StrEnum):
    BACKTEST = "BACKTEST"
    SWEEP = "SWEEP"
    WALK_FORWARD = "WALK_FORWARD"
    INGEST = "INGEST"
    SCAN = "SCAN"
    PLAN = "PLAN"
    REGIME = "REGIME"
    SNAPSHOT = "SNAPSHOT"


@strawberry.enum(description="How the assets of a group cap are grouped.")
class GroupBy(StrEnum):
    SECTOR = "SECTOR"
    CURRENCY = "CURRENCY"
    EXCHANGE = "EXCHANGE"
    ASSET_CLASS = "ASSET_CLASS"


@strawberry.enum(description="What becomes of weight that a skipped trade would have moved.")
class BandFill(StrEnum):
    CASH = "CASH"
    SPREAD = "SPREAD"


@strawberry.enum(
    description="What is held where limits cannot all hold or an allocator has no answer: what is "
    "allowed and CASH; all, with the limit loosened as little as it takes (RELAX); the same assets "
    "by hierarchical risk parity (HRP); what was held (KEEP); or nothing, the run ends (FAIL)."
)
class OnInfeasible(StrEnum):
    CASH = "CASH"
    RELAX = "RELAX"
    HRP = "HRP"
    KEEP = "KEEP"
    FAIL = "FAIL"


@strawberry.enum(
    description="What becomes of cash abroad: each purchase is paid from the run's currency and "
    "each sale comes back to it (CONVERT_EACH), or it stays in the currency it came in, American "
    "dollars or another, and only what is short is converted (HOLD_USD)."
)
class FxMode(StrEnum):
    CONVERT_EACH = "CONVERT_EACH"
    HOLD_USD = "HOLD_USD"


@strawberry.enum(
    description="What cash earns: FIXED the cashRate of every day, PUBLISHED what the central bank "
    "of the run's currency had set for each: AU_CASH_RATE, or US_CASH_RATE and where that is not "
    "stored the bill rate. Days without one refuse the run."
)
class CashRateBasis(StrEnum):
    FIXED = "FIXED"
    PUBLISHED = "PUBLISHED"


@strawberry.enum(
    description="NET of all costs, GROSS as if trading were free, LOCAL without currency moves "
    "(spot-hedged, carry ignored), HEDGED the same and what cash at home earned beyond cash there, "
    "null where one of the rates is not known, PRICE without dividends, null where the prices of "
    "the source have them in already."
)
class CurveBasis(StrEnum):
    NET = "net"
    GROSS = "gross"
    LOCAL = "local"
    HEDGED = "hedged"
    PRICE = "price"


@strawberry.enum(description="What a list of trades is sorted by; trades without it come last.")
class TradeOrderField(StrEnum):
    ENTRY_AT = "entry_at"
    EXIT_AT = "exit_at"
    SYMBOL = "symbol"
    PNL = "pnl"
    QUANTITY = "quantity"


@strawberry.enum(description="What a list of backtests is sorted by; runs without it come last.")
class BacktestOrderField(StrEnum):
    CREATED_AT = "created_at"
    SHARPE = "sharpe"
    CAGR = "cagr"
    MAX_DRAWDOWN = "max_drawdown"
    DEFLATED_SHARPE = "deflated_sharpe"


@strawberry.enum(description="Direction of a sort.")
class Direction(StrEnum):
    ASC = "asc"
    DESC = "desc"
