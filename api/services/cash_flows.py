"""Money that came into the account or left it, without which no return can be stated."""

from datetime import UTC, datetime, time
from datetime import date as Day  # noqa: N812 - the argument is called date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import Conflict, InvalidInput
from api.services.amounts import amount_faults, aud_per_unit, held
from api.services.backtest_request import idempotency_key_faults
from api.services.findings import Findings
from api.services.portfolio_days import today
from api.services.trade_text import clean_reason
from models.audit_events import AuditEventRepository
from models.backtest import Currency
from models.cash_flow import CashFlow
from models.cash_flows import CashFlowRepository
from models.session import lock
from models.trade_facts import Moment, facts_of

# At this hour it is the same day in Sydney, New York and UTC.
MIDDAY = time(12, tzinfo=UTC)
ASKED = ("date", "amount", "currency", "reason")


async def record_cash_flow(
    session: AsyncSession,
    *,
    owner_id: UUID,
    date: Day,
    amount: Decimal,
    currency: Currency,
    reason: str,
    fx_rate: Decimal | None = None,
    idempotency_key: str | None = None,
) -> CashFlow:
    """Record a deposit, above zero, or a withdrawal, or return the one the same key made.

    Raises Refused with each fault, and Conflict for a key that is taken.
    """
    findings = Findings()
    given: dict[str, Any] = {"owner_id": owner_id, "date": date, "currency": currency}
    given |= {"amount": held(amount), "idempotency_key": idempotency_key}
    findings.errors += amount_faults(amount, ("input", "amount"), least=-1)
    findings.errors += idempotency_key_faults(idempotency_key)
    with findings.collect():
        given["reason"] = clean_reason(reason, asks="what the money was")
    with findings.collect():
        _check_date(date)
    with findings.collect():
        given["fx"] = await _rate(session, date, currency, fx_rate)
    findings.settle()
    flow = CashFlow(**given)
    await lock(session, f"cash flows {owner_id}")
    flows = CashFlowRepository(session)
    if idempotency_key is not None:
        same = await flows.by_key(idempotency_key, owner_id=owner_id)
        if same is not None:
            return _same(same, flow, rated=fx_rate is not None)
    await _note(session, await flows.add(flow))
    return flow


def _check_date(date: Day) -> None:
    if date > today(datetime.now(UTC)):
        raise InvalidInput(
            f"date was {date}, which is still to come; record money when it has moved",
            field=("input", "date"),
        )


async def _rate(
    session: AsyncSession, date: Day, currency: Currency, given: Decimal | None
) -> Decimal:
    [facts] = await facts_of(session, [Moment(currency, datetime.combine(date, MIDDAY))])
    return aud_per_unit(currency, date, facts.audusd, given=given, field=("input", "fxRate"))


def _same(first: CashFlow, asked: CashFlow, *, rated: bool) -> CashFlow:
    # A stored rate may have changed since; one that was given is part of the request.
    names = (*ASKED, "fx") if rated else ASKED
    if any(getattr(first, name) != getattr(asked, name) for name in names):
        raise Conflict(
            f"idempotencyKey {asked.idempotency_key!r} was used for another request; use a new key",
            field=("input", "idempotencyKey"),
            reason="IDEMPOTENCY_CONFLICT",
        )
    return first


async def _note(session: AsyncSession, flow: CashFlow) -> None:
    told = {"date": str(flow.date), "amount": f"{flow.amount:f}", "currency": flow.currency.value}
    await AuditEventRepository(session).add(
        owner_id=flow.owner_id,
        action="recordCashFlow",
        subject=f"cash_flow_{flow.id}",
        reason=flow.reason,
        before=None,
        after=told | {"fx": f"{flow.fx:f}"},
    )
