"""The account of a strategy of entries and exits, session by session and decision by decision."""

import math
from bisect import bisect_left
from dataclasses import dataclass, field

import numpy as np

from engine.account import Account
from engine.activity import Risk
from engine.brackets import Bar, Exit, Position, bar_of, first_target
from engine.decide import Targets
from engine.entries import Entry, orders_of, paid_for, size
from engine.errors import EngineError
from engine.execution import REACH, known_prices, known_rates, volume_allowance
from engine.orders import Reason
from engine.signals import Signals, share_of_equity
from engine.trading import cancel, trade_at
from engine.types import FloatArray, IntArray
from engine.working import Working


@dataclass(frozen=True, kw_only=True)
class Known:
    """What a decision knows of the assets it concerns, held or to be bought."""

    asset: IntArray  # (k,) ascending
    mark: FloatArray  # own currency; NaN unknown
    price: FloatArray  # base currency
    equity: float


@dataclass(kw_only=True)
class Trader:
    """An account with its positions, their stops, and the purchases that wait."""

    account: Account
    targets: Targets
    positions: dict[int, Position] = field(default_factory=dict)  # by asset
    waiting: list[Entry] = field(default_factory=list)  # best first
    traded: dict[int, float] = field(default_factory=dict)  # shares in this session, by asset
    weights: list[FloatArray] = field(default_factory=list)
    equity: list[float] = field(default_factory=list)
    risks: list[Risk] = field(default_factory=list)
    unpriced: bool = False

    def trade(self, row: int, market: int) -> None:
        """Go through one session of a market."""
        panel = self.account.terms.panel
        opens = int(panel.opens_at[row, market])
        due = [e for e in self.waiting if panel.market[e.asset] == market and e.instant < opens]
        if not due and not any(panel.market[asset] == market for asset in self.positions):
            return
        self._advance(row)
        self.traded.clear()
        decision = self._decision_before(opens)
        held = [self.positions[a] for a in sorted(self.positions) if panel.market[a] == market]
        for position in held:
            position.sessions += 1
            self._sell_at_open(position, row, decision)
        due = [entry for entry in due if entry in self.waiting]
        self._buy_at_open([entry for entry in due if not entry.rests], row)
        bought = self._buy_within([entry for entry in due if entry.rests], row)
        self.waiting = [entry for entry in self.waiting if entry not in due]
        for asset in sorted(self.positions):
            if panel.market[asset] == market:
                self._sell_within(self.positions[asset], row, decision, bought.get(asset))

    def decide(self, number: int) -> None:
        """Value the account, note what is to be left and what is to be bought."""
        targets = self.targets
        row, instant = int(targets.rows[number]), int(targets.instants[number])
        signals = targets.signals[number]
        self._advance(row)
        self._withdraw(row, Reason.SUPERSEDED)
        for asset, position in self.positions.items():
            position.leaving |= bool(signals.leave[asset])
        known = self._value(signals, row, instant)
        places = signals.rules.max_positions - sum(
            not position.leaving for position in self.positions.values()
        )
        self.waiting = self._entries(signals, known, row, instant)[: max(places, 0)]
        self.weights.append(self._weights(known))
        self.equity.append(known.equity)

    def end(self, last_row: int) -> None:
        """Bring the account to its last session; what waits is withdrawn."""
        self._advance(last_row)
        self._withdraw(last_row, Reason.RUN_ENDED)
        self.account.snapshot()

    def _advance(self, row: int) -> None:
        """Bring account, positions and purchases to `row`, through splits and delistings."""
        account, actions = self.account, self.account.terms.actions
        for met in actions.between(account.row, row):
            moved: list[Position | Entry] = [*self.positions.values(), *self.waiting]
            for each in moved:
                each.split(float(actions.split[met, each.asset]))
            gone = [entry for entry in self.waiting if actions.delisted[met, entry.asset]]
            self._cancel(gone, met, Reason.ASSET_DELISTED)
        account.advance(row)
        for asset in [asset for asset in self.positions if account.quantity[asset] == 0.0]:
            del self.positions[asset]

    def _decision_before(self, opens: int) -> int:
        """Return the row of the last decision before an open; stops stand by it."""
        number = bisect_left(self.targets.instants, opens) - 1
        return int(self.targets.rows[number])

    def _sell_at_open(self, position: Position, row: int, decision: int) -> None:
        bar = self._bar(row, position.asset)
        leaves = None if bar is None else position.at_open(bar)
        if leaves is not None:
            self._sell(position, leaves, row, decision)

    def _sell_within(
        self, position: Position, row: int, decision: int, bought_at: float | None
    ) -> None:
        bar = self._bar(row, position.asset)
        # What was bought at the close, for want of an open, saw nothing of the session.
        at_close = bar is not None and position.sessions == 0 and not bar.opened
        if bar is not None and not position.leaving and (bought_at is not None or not at_close):
            leaves = position.within(bar, bought_at=bought_at)
            if leaves is not None:
                self._sell(position, leaves, row, decision)
        position.close_session()

    def _sell(self, position: Position, leaves: Exit, row: int, decision: int) -> None:
        """Sell as much as the session's volume takes; a whole position goes on next time."""
        account, asset = self.account, position.asset
        held = float(account.quantity[asset])
        wanted = held
        if leaves.early:
            wanted = float(account.terms.whole_lots(np.array(position.rules.partial * held)))
            position.reduced = True
        else:
            position.leaving = True
        if wanted > 0.0:
            self._fill(orders_of(decision, asset, -wanted, leaves.price), row, leaves)
        if account.quantity[asset] == 0.0:
            del self.positions[asset]

    def _buy_at_open(self, entries: list[Entry], row: int) -> None:
        for entry in entries:
            bar = self._bar(row, entry.asset)
            if bar is None:
                self._cancel([entry], row, Reason.NO_FILL)
            elif (price := entry.price(bar)) is None:
                self._cancel([entry], row, Reason.GAPPED)
            else:
                self._buy(entry, price, row)

    def _buy_within(self, entries: list[Entry], row: int) -> dict[int, float]:
        """Fill the buy stops the session reaches; return what was bought, and at which price."""
        bought = {}
        for entry in entries:
            bar = self._bar(row, entry.asset)
            price = None if bar is None else entry.price(bar)
            if price is not None and self._buy(entry, price, row):
                bought[entry.asset] = price
        return bought

    def _buy(self, entry: Entry, price: float, row: int) -> bool:
        """Buy at a price of the session, slippage on top; tell whether anything was."""
        account, asset = self.account, entry.asset
        if len(self.positions) >= entry.rules.max_positions:
            self._cancel([entry], row, Reason.NO_PLACE)
            return False
        allowed = self._allowed(row, asset)
        sized = size(entry, account, row, price, allowed=allowed)
        if sized.refused is not None:
            self._cancel([entry], row, sized.refused, sized.quantity)
            return False
        bought = Exit(price=price, reason=Reason.FILLED)
        filled = self._fill(orders_of(entry.decision, asset, sized.quantity, price), row, bought)
        if filled == 0.0:
            return False
        paid = paid_for(entry, account, row, price, shares=filled)
        self.positions[asset] = Position(
            asset=asset,
            rules=entry.rules,
            entry=paid.price,
            stop=paid.stop,
            target=first_target(entry.rules, paid.price, paid.stop),
        )
        if math.isfinite(paid.risk):
            self.risks.append(Risk(row=row, asset=asset, amount=filled * paid.risk))
        return True

    def _fill(self, order: Working, row: int, at: Exit) -> float:
        """Fill one order at a price of the session; return the shares traded."""
        asset = int(order.asset[0])
        allowed, price = self._allowed(row, asset), np.array([at.price])
        [filled] = trade_at(
            self.account,
            order,
            row,
            reference=price,
            allowed=np.array([allowed]),
            reason=at.reason,
        )
        self.traded[asset] = self.traded.get(asset, 0.0) + float(filled)
        return float(filled)

    def _allowed(self, row: int, asset: int) -> float:
        """Return the shares the session's volume still lets us trade."""
        terms = self.account.terms
        share = terms.costs.max_volume_share
        [allowed] = volume_allowance(terms.panel, row, np.array([asset]), share)
        return max(float(allowed) - self.traded.get(asset, 0.0), 0.0)

    def _bar(self, row: int, asset: int) -> Bar | None:
        """Return the asset's bar of the session; None where it cannot be traded on it."""
        panel = self.account.terms.panel
        return bar_of(panel, row, asset) if panel.tradable[row, asset] else None

    def _withdraw(self, row: int, reason: Reason) -> None:
        self._cancel(self.waiting, row, reason)
        self.waiting = []

    def _cancel(
        self, entries: list[Entry], row: int, reason: Reason, quantity: float = 0.0
    ) -> None:
        """Enter purchases as ended without a fill; one that was never sized as one lot."""
        least = 1.0 / self.account.terms.lots_per_share
        for entry in entries:
            asked = orders_of(entry.decision, entry.asset, max(quantity, least), entry.mark)
            cancel(self.account, asked, row, reason)
        self.waiting = [each for each in self.waiting if each not in entries]

    def _value(self, signals: Signals, row: int, instant: int) -> Known:
        account, terms = self.account, self.account.terms
        asset = np.union1d(np.flatnonzero(account.quantity), signals.asset)
        known = known_prices(terms.panel, terms.actions, asset, row=row, instant=instant)
        price = known.mark * known.fx
        self.unpriced |= not np.isfinite(price).all()
        held = account.quantity[asset] * np.where(np.isfinite(price), price, 0.0)
        purse = account.purse(known_rates(terms.panel, row, instant))
        equity = purse.home + float(purse.abroad.sum()) + float(held.sum())
        if not equity > 0.0:
            day = terms.panel.session[row].astype("datetime64[D]")
            raise EngineError(f"equity was {equity:.2f} on {day}; the run is ruined")
        return Known(asset=asset, mark=known.mark, price=price, equity=equity)

    def _entries(self, signals: Signals, known: Known, row: int, instant: int) -> list[Entry]:
        """Return the purchases of what is not held and has a price, best first."""
        place = np.searchsorted(known.asset, signals.asset)
        mark = known.mark[place]
        wanted = (self.account.quantity[signals.asset] == 0.0) & np.isfinite(known.price[place])
        entries = [
            Entry(
                asset=int(signals.asset[i]),
                decision=row,
                instant=instant,
                equity=known.equity,
                mark=float(mark[i]),
                trigger=float(signals.trigger[i]),
                limit=float(signals.limit[i]),
                floor=float(signals.floor[i]),
                distance=float(signals.distance[i]),
                rules=signals.rules,
                scale=signals.scale,
            )
            for i in np.flatnonzero(wanted).tolist()
        ]
        self._settle_unseen(entries, row, instant)
        return entries

    def _settle_unseen(self, entries: list[Entry], row: int, instant: int) -> None:
        """Put prices in the shares the account has by now, whose bar nobody had seen."""
        terms = self.account.terms
        for met in terms.actions.between(row - REACH, row):
            for entry in entries:
                if terms.panel.known_at[met, entry.asset] > instant:
                    entry.convert(float(terms.actions.split[met, entry.asset]))

    def _weights(self, known: Known) -> FloatArray:
        """Return what the account is to hold after a decision, as fractions of its equity."""
        account = self.account
        weights = np.zeros(len(account.quantity))
        worth = account.quantity[known.asset] * np.where(np.isnan(known.price), 0.0, known.price)
        weights[known.asset] = worth / known.equity
        for asset, position in self.positions.items():
            weights[asset] *= not position.leaving
        left = account.terms.costs.invested - float(weights.sum())
        for entry in self.waiting:
            stop = np.array(entry.stop(entry.mark))
            share = entry.scale * float(share_of_equity(entry.rules, np.array(entry.mark), stop))
            weights[entry.asset] = min(share, max(left, 0.0))
            left -= float(weights[entry.asset])
        return weights
