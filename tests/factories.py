"""The only builders of rows: each takes what a test is about and fills in the rest."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from uuid import UUID

from models import (
    ActionRow,
    AssetClass,
    Backtest,
    BarRow,
    CashFlow,
    Currency,
    DataQuality,
    DecisionClock,
    Exchange,
    FillPolicy,
    IngestReport,
    Instrument,
    Job,
    JobKind,
    Rebalance,
    RebalancePlan,
    Region,
    Scan,
    SearchMethod,
    Side,
    StudyTrial,
    Sweep,
    Trade,
    TradeStatus,
    Trial,
    Universe,
    ValidationMethod,
    WalkForward,
)
from models.job_outbox import Patience
from models.portfolio_snapshots import SnapshotRow

OWNER = UUID("00000000-0000-4000-8000-000000000001")
STRANGER = UUID("00000000-0000-4000-8000-000000000002")
PATIENCE = Patience(
    unsent=timedelta(seconds=5), sent=timedelta(minutes=15), queued=timedelta(seconds=18_900)
)
AT_ONCE = replace(PATIENCE, unsent=timedelta(0))

_numbers = count(1)


def make_job(**given):
    return Job(**{"owner_id": OWNER, "kind": JobKind.BACKTEST, "payload": {"of": "a test"}} | given)


def make_instrument(symbol=None, **given):
    defaults = {
        "symbol": f"TEST{next(_numbers)}" if symbol is None else symbol,
        "name": "A share made for a test",
        "asset_class": AssetClass.EQUITY,
        "exchange": Exchange.XNYS,
        "currency": "USD",
        "source": "test",
        "fields": ["adjusted_close"],
    }
    return Instrument(**defaults | given)


def make_backtest(job, **given):
    """A run of the given job, as it is before the job has finished."""
    defaults = {
        "owner_id": job.owner_id,
        "job_id": job.id,
        "content_key": f"{next(_numbers):064x}",
        "strategy_key": "momentum",
        "strategy_version": "1",
        "parameters": {"lookback": 252, "skip": 21, "top_n": 10},
        "universe_key": "SAMPLE_US",
        "symbols": [],
        "start_on": date(2005, 1, 3),
        "end_on": date(2020, 12, 31),
        "initial_capital": Decimal(100_000),
        "currency": Currency.USD,
        "benchmark": "^GSPC",
        "rebalance": Rebalance.MONTHLY,
        "constraints": {"min_weight": 0.0, "max_weight": 1.0},
        "costs": {"commission_flat": "3.00", "slippage_bps": 5.0},
        "fill": FillPolicy.NEXT_OPEN,
        "whole_shares": True,
        "decision_clock": DecisionClock.US_CLOSE,
        "known_at": datetime(2026, 1, 1, tzinfo=UTC),
        "data_fingerprint": "0" * 64,
        "engine_version": "1",
    }
    return Backtest(**defaults | given)


def make_bar(instrument_id, day, adjusted_close=100.0, **given):
    """An adjusted-only bar, known 15 minutes after a New York close in winter."""
    defaults = {
        "instrument_id": instrument_id,
        "date": day,
        "open": None,
        "high": None,
        "low": None,
        "close": None,
        "adjusted_close": adjusted_close,
        "volume": None,
        "source": "test",
        "quality": DataQuality.GOOD,
        "known_at": datetime.combine(day, time(21, 15), tzinfo=UTC),
    }
    return BarRow(**defaults | given)


def make_bars(instrument_id, start, closes, **given):
    """One bar a weekday from `start` on."""
    days = (start + timedelta(days=offset) for offset in count())
    weekdays = (day for day in days if day.weekday() < 5)
    return [
        make_bar(instrument_id, day, close, **given)
        for day, close in zip(weekdays, closes, strict=False)
    ]


def make_split(instrument_id, ex_date, ratio, **given):
    """A split known at the New York open of its ex date in summer."""
    return _action(instrument_id, ex_date, kind="SPLIT", ratio=ratio, **given)


def make_dividend(instrument_id, ex_date, cash, **given):
    """A dividend known at the New York open of its ex date in summer."""
    return _action(
        instrument_id, ex_date, kind="DIVIDEND", cash=cash, **{"currency": "USD"} | given
    )


def make_delisting(instrument_id, ex_date, **given):
    """What holders got, cash or `ratio` shares of `successor_id`, known like a split."""
    return _action(instrument_id, ex_date, kind="DELISTING", **given)


def _action(instrument_id, ex_date, **given):
    defaults = {
        "instrument_id": instrument_id,
        "ex_date": ex_date,
        "ratio": None,
        "cash": None,
        "currency": None,
        "pay_date": None,
        "source": "test",
        "known_at": datetime.combine(ex_date, time(13, 30), tzinfo=UTC),
    }
    return ActionRow(**defaults | given)


def make_scan(job, **given):
    """A scan of the given job, as it is before the job has finished."""
    defaults = {
        "owner_id": job.owner_id,
        "job_id": job.id,
        "content_key": f"{next(_numbers):064x}",
        "scanner_key": "momentum",
        "scanner_version": "1",
        "parameters": {"lookback": 252, "skip": 21},
        "universe_key": "SAMPLE_US",
        "symbols": [],
        "benchmark": "^GSPC",
        "as_of": date(2020, 12, 31),
        "known_at": datetime(2026, 1, 1, tzinfo=UTC),
        "max_results": 50,
        "data_fingerprint": "0" * 64,
        "engine_version": "1",
    }
    return Scan(**defaults | given)


def make_ingest_report(job, **given):
    """The account of an ingest of three symbols and ten rows."""
    defaults = {
        "owner_id": job.owner_id,
        "job_id": job.id,
        "universe_key": "TEST_US",
        "source": "AUTO",
        "requested": 3,
        "succeeded": 2,
        "rows_read": 10,
        "rows_written": 7,
        "rows_unchanged": 2,
        "rows_revised": 1,
        "rows_quarantined": 1,
        "requests_made": 4,
        "requests_saved": 1,
        "seconds": 1.5,
        "failures": [],
        "reasons": {},
    }
    return IngestReport(**defaults | given)


def make_plan(**given):
    """A plan that sells nothing and buys 249 shares at 20 dollars."""
    defaults = {
        "owner_id": OWNER,
        "as_of": date(2024, 3, 1),
        "decision_bar": datetime(2024, 3, 1, 5, 10, tzinfo=UTC),
        "known_at": datetime(2024, 3, 2, tzinfo=UTC),
        "equity": Decimal("10000.00"),
        "cash_before": Decimal("10000.00"),
        "cash_after": Decimal("5014.51"),
        "total_costs": Decimal("5.49"),
        "turnover": 0.498,
        "lines": [],
        "warnings": [],
    }
    return RebalancePlan(**defaults | given)


def make_universe(key="TEST_US", **given):
    defaults = {
        "key": key,
        "name": "A list made for a test",
        "description": "Shares made for a test.",
        "region": Region.US,
        "benchmark": "^GSPC",
        "source": "test",
    }
    return Universe(**defaults | given)


def make_trial(**given):
    defaults = {
        "owner_id": OWNER,
        "family": "momentum:SAMPLE_US",
        "content_key": f"{next(_numbers):064x}",
        "parameters": {"top_n": 5},
        "sharpe": 0.05,
        "sessions": 4_000,
        "skew": -0.3,
        "kurtosis": 5.0,
    }
    return Trial(**defaults | given)


def _make_study(entity, job, **given):
    defaults = {
        "owner_id": job.owner_id,
        "job_id": job.id,
        "content_key": f"{next(_numbers):064x}",
        "strategy_key": "momentum",
        "family": "momentum:SAMPLE_US",
        "universe_key": "SAMPLE_US",
        "start_on": date(2005, 1, 3),
        "end_on": date(2020, 12, 31),
        "base": {"strategy": "momentum", "parameters": {"lookback": 252}},
        "axes": [{"name": "top_n", "values": [1, 2]}],
        "objective": "sharpe",
        "combinations": 2,
        "known_at": datetime(2026, 1, 1, tzinfo=UTC),
        "engine_version": "1",
    }
    return entity(**defaults | given)


def make_sweep(job, **given):
    return _make_study(Sweep, job, **{"method": SearchMethod.GRID, "seed": 0} | given)


def make_walk_forward(job, **given):
    return _make_study(
        WalkForward, job, **{"method": ValidationMethod.WALK_FORWARD, "plan": {}} | given
    )


def make_study_trial(job, **given):
    defaults = {
        "job_id": job.id,
        "number": 1,
        "owner_id": job.owner_id,
        "content_key": f"{next(_numbers):064x}",
        "parameters": {"top_n": 1},
    }
    return StudyTrial(**defaults | given)


def make_trade(**given):
    """A long position in a share no source knows, entered in Australian dollars."""
    defaults = {
        "owner_id": OWNER,
        "reference": f"T{next(_numbers)}",
        "symbol": "TEST.AX",
        "side": Side.BUY,
        "quantity": Decimal(100),
        "entry_price": Decimal("12.50"),
        "entry_at": datetime(2024, 1, 8, 0, 30, tzinfo=UTC),
        "commission": Decimal("3.00"),
        "currency": Currency.AUD,
        "fx_at_entry": Decimal(1),
        "reason": "opened",
    }
    return Trade(**defaults | given)


def make_closed_trade(**given):
    """The same, left at 15 after four weeks."""
    left = {
        "status": TradeStatus.CLOSED,
        "exit_price": Decimal(15),
        "exit_at": datetime(2024, 2, 5, 0, 30, tzinfo=UTC),
        "exit_commission": Decimal("3.00"),
        "fx_at_exit": Decimal(1),
    }
    return make_trade(**left | given)


def make_snapshot(**given):
    """An account of 100,000 Australian dollars, all in cash."""
    defaults = {
        "date": date(2024, 1, 2),
        "value": "100000",
        "cash": "100000",
        "flow": "100000",
        "dividends": "0",
        "growth": 1.0,
        "rate": None,
        "metrics": None,
    }
    return SnapshotRow(**defaults | given)


def make_cash_flow(**given):
    """A deposit in Australian dollars."""
    defaults = {
        "owner_id": OWNER,
        "date": date(2024, 1, 2),
        "amount": Decimal(100_000),
        "currency": Currency.AUD,
        "fx": Decimal(1),
        "reason": "a deposit",
    }
    return CashFlow(**defaults | given)
