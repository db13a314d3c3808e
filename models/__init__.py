"""Entities, and every statement the product sends to PostgreSQL.

Each entity is imported here, so that whoever imports the package sees all metadata.
"""

from models.asked_range import AskedRange, AskedRow
from models.audit_event import AuditEvent
from models.backtest import (
    Allocator,
    Backtest,
    Currency,
    DecisionClock,
    FillPolicy,
    Rebalance,
    Trial,
)
from models.base import Entity
from models.cash_flow import CashFlow
from models.corporate_action import (
    ActionKind,
    ActionRow,
    CorporateAction,
    CorporateActionRevision,
)
from models.edge_nonce import EdgeNonce
from models.fingerprint import Fingerprint, RunInput, Scope
from models.ingest_report import IngestReport
from models.instrument import AssetClass, Exchange, Instrument
from models.instrument_alias import AliasRow, InstrumentAlias
from models.job import Job, JobEvent, JobKey, JobKind, JobStatus
from models.poison_message import PoisonMessage
from models.portfolio_snapshot import PortfolioSnapshot
from models.price_bar import BarRow, DataQuality, PriceBar, PriceBarRevision, Quarantine
from models.provider_state import ProviderState
from models.rebalance_plan import RebalancePlan
from models.regime_history import RegimeHistory
from models.scan import Scan
from models.series import FactorReturn, FxRate, MacroSeries
from models.study import SearchMethod, StudyTrial, Sweep, ValidationMethod, WalkForward
from models.trade import Side, Trade, TradeStatus
from models.universe import IndexMembership, Region, Universe

__all__ = [
    "ActionKind",
    "ActionRow",
    "AliasRow",
    "Allocator",
    "AskedRange",
    "AskedRow",
    "AssetClass",
    "AuditEvent",
    "Backtest",
    "BarRow",
    "CashFlow",
    "CorporateAction",
    "CorporateActionRevision",
    "Currency",
    "DataQuality",
    "DecisionClock",
    "EdgeNonce",
    "Entity",
    "Exchange",
    "FactorReturn",
    "FillPolicy",
    "Fingerprint",
    "FxRate",
    "IndexMembership",
    "IngestReport",
    "Instrument",
    "InstrumentAlias",
    "Job",
    "JobEvent",
    "JobKey",
    "JobKind",
    "JobStatus",
    "MacroSeries",
    "PoisonMessage",
    "PortfolioSnapshot",
    "PriceBar",
    "PriceBarRevision",
    "ProviderState",
    "Quarantine",
    "Rebalance",
    "RebalancePlan",
    "RegimeHistory",
    "Region",
    "RunInput",
    "Scan",
    "Scope",
    "SearchMethod",
    "Side",
    "StudyTrial",
    "Sweep",
    "Trade",
    "TradeStatus",
    "Trial",
    "Universe",
    "ValidationMethod",
    "WalkForward",
]
