"""The option book of an account: modelled prices, real cash, every session.

At each close of the index's market, in this order:

1. Note what the account is worth; sizes are reckoned from what was known at a decision.
2. Settle what has expired at its intrinsic value.
3. Close what the close before called for, at the middle price less half the spread.
4. Open what a decision asked for, as many contracts as its budget and the cash allow.
5. Ask each position's exits what to close on the next session; with fills at the decision's own
   close, on this one.

A leg below the least price nobody trades, and one whose sale would not bring its fee is kept: both
are held to their expiry. Legs are booked in columns behind the panel's assets
(`engine.option_columns`), so that the ordinary books, identities and report hold for them.
"""

import math
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from engine.account import Account
from engine.activity import RoundTrips
from engine.decide import Targets
from engine.execution import FillPolicy
from engine.option_columns import Columns, widen_terms
from engine.option_positions import MULTIPLIER, Held, Opening, Position, Structure
from engine.option_risk import OpenContracts
from engine.option_surface import TICK, market_of, years_to
from engine.orders import Orders, Reason
from engine.panel import Panel
from engine.returns import carry_forward
from engine.types import BoolArray, FloatArray

YEAR_OF_BUDGETS: Final = 12  # budgets that may be saved up


@dataclass(kw_only=True)
class OptionBook:
    """The option positions of one run."""

    panel: Panel
    openings: dict[int, Opening]  # by the row on which they fill
    policy: FillPolicy
    charged: bool  # whether spreads and fees are paid
    last_row: int
    columns: Columns
    trades: BoolArray  # (n,) sessions on which the options have a price
    saved: float = 0.0  # share of equity
    positions: list[Position] = field(default_factory=list)
    ended: list[Position] = field(default_factory=list)
    worth: dict[int, float] = field(default_factory=dict)  # of the account, by row
    row: int = -1  # last close
    missed: Counter[str] = field(default_factory=Counter)  # why nothing was opened

    def __post_init__(self) -> None:
        self.market = market_of(self.panel, self.columns.asset)

    def close(self, account: Account, row: int) -> None:
        """Do what is to be done at the close of `row`, after shares have traded."""
        self.row, self.worth[row] = row, self._worth(account, row)
        if not self.trades[row]:
            return
        for position in self.positions:
            if self.panel.session[row] >= position.structure.expiry:
                self._settle(account, position, row)
            elif position.closing is not None:
                self._reduce(account, position, row)
        if row in self.openings:
            self._open(account, self.openings[row], row)
        for position in self.positions:
            self._manage(account, position, row)
        self.ended += [each for each in self.positions if not each.is_open]
        self.positions = [each for each in self.positions if each.is_open]

    def wind_up(
        self, account: Account, targets: Targets, weights: FloatArray
    ) -> tuple[Account, Targets, FloatArray]:
        """Close the last session; return all of it with the book's columns behind the assets."""
        self.close(account, self.last_row)
        account.snapshot()
        panel = self.columns.widen()
        added = len(panel.symbols) - len(self.panel.symbols)
        terms = widen_terms(account.terms, panel, added)
        held = self.columns.quantities(np.array([shot.row for shot in account.snapshots]))
        shots = [
            replace(shot, quantity=np.concatenate([shot.quantity, options]))
            for shot, options in zip(account.snapshots, held, strict=True)
        ]
        wider = replace(account, terms=terms, snapshots=shots, derivatives=None)
        nothing = np.zeros((len(weights), added))
        targets = replace(targets, weights=np.column_stack([targets.weights, nothing]))
        return wider, targets, np.column_stack([weights, nothing])

    def labels(self, orders: Orders) -> tuple[str, ...]:
        """Return what each order traded: an asset's symbol, or an option's own name."""
        assets = len(self.panel.symbols)
        return tuple(
            self.panel.symbols[asset]
            if asset < assets
            else self.columns.option(asset - assets, row)
            for asset, row in zip(orders.asset.tolist(), orders.row.tolist(), strict=True)
        )

    def round_trips(self) -> RoundTrips:
        """Return the closed positions: what was at risk, and profit net of every fee."""
        return RoundTrips(
            cost=np.array([each.at_risk for each in self.ended]),
            profit=np.array([each.profit for each in self.ended]),
            risked=np.full(len(self.ended), np.nan),
        )

    def still_open(self) -> OpenContracts | None:
        """Return the open positions at the last close on which options had a price."""
        priced = np.flatnonzero(self.trades[: self.row + 1])
        if not self.positions or not len(priced):
            return None
        at = int(priced[-1])
        return OpenContracts(
            symbol=self.panel.symbols[self.columns.asset],
            positions=tuple(self.positions),
            market=self.market.at(at),
            day=int(self.panel.session[at]),
            rate=self._rate(at),
        )

    def _worth(self, account: Account, row: int) -> float:
        options = sum(position.worth(row) for position in self.positions) * self._rate(row)
        return account.money(row) + float(account.values(row).sum()) + options

    def _rate(self, row: int) -> float:
        return float(self.panel.fx[row, self.panel.currency[self.columns.asset]])

    def _manage(self, account: Account, position: Position, row: int) -> None:
        if position.closing is not None or not position.is_open:
            return
        held = Held(
            entry=position.entry,
            value=position.value(row),
            days=position.structure.expiry - int(self.panel.session[row]),
            reduced=position.reduced,
        )
        position.closing = position.structure.exits.ask(held)
        if position.closing is not None and self.policy is FillPolicy.DECISION_CLOSE:
            self._reduce(account, position, row)

    def _open(self, account: Account, opening: Opening, row: int) -> None:
        structure = opening.structure
        middle, half_spread = self._path(opening, row)
        prices = np.maximum(middle[0] + structure.sides * half_spread[0], 0.0)
        brought = -float(structure.sides @ prices)
        if structure.saves:
            self.saved = min(self.saved + structure.budget, YEAR_OF_BUDGETS * structure.budget)
        count = self._count(account, opening, row, brought)
        reason = _refusal(middle[0], structure.width, brought, count)
        if reason is not None:
            self.missed[reason] += 1
            return
        slots = tuple(
            self.columns.take(leg, structure.expiry, row, middle[:, k])
            for k, leg in enumerate(structure.legs)
        )
        position = Position(
            structure=structure,
            row=row,
            slots=slots,
            contracts=np.zeros(len(slots)),
            middle=middle,
            half_spread=half_spread,
            entry=brought,
            at_risk=(structure.width - brought) * MULTIPLIER * count * self._rate(row),
        )
        self.positions.append(position)
        if structure.saves:
            self.saved = max(self.saved - position.at_risk / self._worth_known(opening), 0.0)
        for k in range(len(slots)):
            change = count * structure.sides[k]
            self._trade(account, position, k, row, change, Reason.FILLED, opening.decision)

    def _path(self, opening: Opening, row: int) -> tuple[FloatArray, FloatArray]:
        """Return middle prices and half spreads (s, l) of the legs, from `row` to their expiry."""
        structure = opening.structure
        expired = (self.panel.session >= structure.expiry) & self.trades
        end = int(np.argmax(expired)) if expired.any() else self.last_row
        rows = slice(row, min(end, self.last_row) + 1)
        calls = np.array([leg.call for leg in structure.legs])
        strikes = np.array([leg.strike for leg in structure.legs])
        years = years_to(structure.expiry, self.panel.session[rows])[:, None]
        market = self.market.at(rows).by_row()
        middle, half_spread = structure.surface.price(market, calls, strikes, years)
        charged = half_spread if self.charged else np.zeros_like(half_spread)
        return carry_forward(middle), carry_forward(charged)

    def _count(self, account: Account, opening: Opening, row: int, brought: float) -> float:
        """Return how many of the structure the budget, the cash and its margin allow."""
        structure, rate = opening.structure, self._rate(row)
        by_budget = math.floor(self._budget(opening) / (structure.risk * MULTIPLIER * rate))
        collateral = sum(position.collateral() for position in self.positions) * rate
        fees = self._fee(structure, row) * len(structure.legs)
        notional = max(structure.width - brought, 0.0) * MULTIPLIER * rate
        bound = notional + fees + self._conversion(account, notional)
        kept = account.terms.costs.cash_buffer * self._worth_known(opening)
        free = account.money(row) - collateral - kept
        by_cash = math.floor(free / bound) if bound > 0.0 else by_budget
        return float(max(min(by_budget, by_cash), 0))

    def _budget(self, opening: Opening) -> float:
        """Return the money a structure may put at risk, of what the decision knew it had."""
        share = self.saved if opening.structure.saves else opening.structure.budget
        return share * self._worth_known(opening)

    def _worth_known(self, opening: Opening) -> float:
        """Return what a decision knew the account to be worth, its capital before any close."""
        first = next(iter(self.worth))
        return self.worth[max(opening.known, first)]

    def _fee(self, structure: Structure, row: int) -> float:
        """Return the fee of one contract, base currency."""
        return structure.contract_fee * self._rate(row) if self.charged else 0.0

    def _conversion(self, account: Account, amount: float) -> float:
        foreign = account.terms.foreign[[self.columns.asset]]
        return float(account.terms.costs.conversion(np.array([amount]), foreign)[0])

    def _reduce(self, account: Account, position: Position, row: int) -> None:
        if position.closing is None:
            raise AssertionError("only a position that is to be closed is reduced")
        share, reason = position.closing
        for k in np.flatnonzero(self._closable(position, row)).tolist():
            count = math.ceil(share * abs(position.contracts[k]))
            change = -math.copysign(count, position.contracts[k])
            self._trade(account, position, k, row, change, reason)
        if share < 1.0:
            position.reduced, position.closing = True, None

    def _closable(self, position: Position, row: int) -> BoolArray:
        """Tell of each leg whether it is held, quoted, and where it is sold worth the fee."""
        middle = position.middle[row - position.row]
        proceeds = middle - position.half_spread[row - position.row]
        fee = self._fee(position.structure, row) / (MULTIPLIER * self._rate(row))
        held = position.contracts
        closable: BoolArray = (middle >= TICK) & ((held < 0.0) | ((held > 0.0) & (proceeds > fee)))
        return closable

    def _settle(self, account: Account, position: Position, row: int) -> None:
        for k in np.flatnonzero(position.contracts).tolist():
            change = -float(position.contracts[k])
            self._trade(account, position, k, row, change, Reason.SETTLED)

    def _trade(
        self,
        account: Account,
        position: Position,
        k: int,
        row: int,
        change: float,
        reason: Reason,
        decision: int = -1,
    ) -> None:
        """Move contracts of one leg and their cash; a settlement costs neither spread nor fee."""
        side, filled, rate = math.copysign(1.0, change), abs(change), self._rate(row)
        settles = reason is Reason.SETTLED
        half = 0.0 if settles else position.half_spread[row - position.row, k]
        reference = MULTIPLIER * position.middle[row - position.row, k]
        price = max(reference + side * MULTIPLIER * half, 0.0)
        commission = 0.0 if settles else filled * self._fee(position.structure, row)
        money = -side * filled * price * rate
        [fx_cost] = account.settle(
            row, np.array([self.columns.asset]), np.array([money]), np.array([commission])
        )
        received = money - commission - fx_cost
        account.snapshot()
        position.profit += received
        position.contracts[k] += change
        slot = position.slots[k]
        self.columns.move(slot, row, change)
        if position.contracts[k] == 0.0:
            self.columns.release(slot, row)
        account.book.enter(
            row=row,
            asset=np.array([len(self.panel.symbols) + slot]),
            reason=reason,
            decision=decision,
            side=side,
            quantity=filled,
            filled=filled,
            price=price,
            reference=reference,
            fx=rate,
            commission=commission,
            slippage=filled * abs(price - reference) * rate,
            fx_cost=fx_cost,
        )


def _refusal(middle: FloatArray, width: float, brought: float, count: float) -> str | None:
    """Return why a structure is not opened; None where it is."""
    if not (middle >= TICK).all():
        return "below_tick"
    if width > 0.0 >= brought:
        return "no_credit"
    return "too_small" if count < 1.0 else None
