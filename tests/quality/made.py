"""Clean market data in any amount: what the gates must let pass without a word.

Shares move as shares do, with fat tails, splits, dividends, halts and days nobody has a bar for.
The vendor's adjusted close is worked out here by its definition, from the last bar backwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from api.ports import Action, BarBatch, Listing, Observations
from api.services.calendars import calendar

FIELDS = ("open", "high", "low", "close", "volume", "actions")
# Market, exchange, currency.
MARKETS = (("XNYS", "XNAS", "USD"), ("XASX", "XASX", "AUD"), ("24/7", "CRYPTO", "USD"))
RATIOS = (2.0, 3.0, 1.5, 4.0, 20.0, 0.1, 0.05, 1.25, 1.05)
WILDEST = 0.45  # log return of a day; half is a spike
ON_A_SPLIT = 0.1  # what a share does beside its split
NOW = int(np.datetime64("2026-06-30T12:00", "ns").astype(np.int64))
LAST = int(np.datetime64("2026-06-26", "D").astype(np.int64))


def day_of(on: str) -> int:
    return int(np.datetime64(on, "D").astype(np.int64))


@dataclass
class Feed:
    """What a source brought of one share, with what is known of the share."""

    batch: BarBatch
    actions: list[Action]
    listing: Listing
    code: str
    fx: dict[tuple[str, int], float] = field(default_factory=dict)

    @property
    def values(self) -> dict[str, np.ndarray]:
        return self.batch.values

    def whole_bar(self, rows, factor: float) -> None:
        """Scale all prices of some rows."""
        for name in ("open", "high", "low", "close"):
            self.values[name][rows] *= factor

    def spread(self, row: int) -> None:
        """Let high and low of a row reach its open and close again."""
        prices = np.array([self.values[name][row] for name in ("open", "high", "low", "close")])
        self.values["high"][row], self.values["low"][row] = prices.max(), prices.min()


def make_share(seed: int, *, bars: int = 500, calm: bool = False) -> Feed:
    """Make a share of one of the markets; a calm one has neither actions nor halts nor gaps."""
    seeded = np.random.default_rng(seed)
    code, exchange, currency = MARKETS[seed % len(MARKETS)] if not calm else MARKETS[0]
    sessions = calendar(code).session
    until = int(np.searchsorted(sessions, LAST, side="right"))
    day = sessions[until - bars : until].copy()
    ratio, paid = _happenings(seeded, code, bars, calm=calm)
    move = _moves(seeded, bars, ratio, calm=calm)
    halted = (seeded.random(bars) < 0.002) & (ratio == 1.0) & (paid == 0.0) & (not calm)
    halted[0] = False
    values = _bars(seeded, move, ratio, paid, halted)
    if not calm and seeded.random() < 0.3:  # some vendors write four decimals
        values["adjusted_close"] = np.round(values["adjusted_close"], 4)
    cash = values.pop("cash")
    acted = (ratio != 1.0) | (paid > 0)
    kept = (seeded.random(bars) > 0.003) | acted | np.roll(acted, -1) | calm
    kept[[0, -1]] = True
    actions = _actions(day, ratio, cash, currency)
    return Feed(
        batch=_batch(f"S{seed}", day[kept], {name: each[kept] for name, each in values.items()}),
        actions=actions,
        listing=_listing(f"S{seed}", exchange, currency),
        code=code,
    )


def _happenings(seeded, code: str, bars: int, *, calm: bool) -> tuple[np.ndarray, np.ndarray]:
    """Split ratio and dividend as a share of the close before, by bar; coins have neither."""
    ratio, paid = np.ones(bars), np.zeros(bars)
    if calm or code == "24/7":
        return ratio, paid
    paid[63::63] = seeded.uniform(0.0005, 0.02)
    paid[np.flatnonzero(seeded.random(bars) < 0.0005)] = 0.3  # special dividends
    split_on = np.flatnonzero(seeded.random(bars) < 0.001)
    ratio[split_on] = seeded.choice(RATIOS, len(split_on))
    ratio[0], paid[0] = 1.0, 0.0
    return ratio, paid


def _moves(seeded, bars: int, ratio: np.ndarray, *, calm: bool) -> np.ndarray:
    """Log returns of the holder: fat tails, quieter on the day of a split."""
    deviation = 0.01 if calm else seeded.uniform(0.008, 0.03)
    move = np.clip(deviation * seeded.standard_t(4, bars), -WILDEST, WILDEST)
    if calm:
        move = np.clip(move, -0.05, 0.05)
    loud = ratio != 1.0
    move[loud] = np.clip(move[loud], -ON_A_SPLIT, ON_A_SPLIT)
    return move - np.mean(move)  # neither to the moon nor to nothing


def _bars(seeded, move, ratio, paid, halted) -> dict[str, np.ndarray]:
    bars = len(move)
    traded = np.where(halted, 0.0, move)
    factor = (1.0 - paid) / ratio
    path = np.exp(np.cumsum(traded)) * np.cumprod(factor)
    close = path * seeded.uniform(5, 50) / path.min()
    close = np.round(close, 6) + np.where(np.arange(bars) % 2, 1e-6, 0.0)  # no two are equal
    close[halted] = np.nan
    filled = np.where(np.isnan(close), 0, np.arange(bars))
    close = close[np.maximum.accumulate(filled)]  # a halted share stays where it is
    open_ = np.where(halted, close, np.round(close * np.exp(seeded.normal(0, 0.004, bars)), 6))
    reach = np.where(halted, 0.0, seeded.exponential(0.004, bars))
    before = np.concatenate([close[:1], close[:-1]])
    # The dividend's share of the close, written as cash with nine digits, per share of that day.
    cash = np.round(paid * before / ratio, 9)
    return {
        "open": open_,
        "high": np.maximum(open_, close) * (1 + reach),
        "low": np.minimum(open_, close) / (1 + reach),
        "close": close,
        "volume": np.where(halted, 0.0, seeded.integers(1, 10**9, bars)).astype(np.float64),
        "adjusted_close": _adjusted(close, (1.0 - cash * ratio / before) / ratio),
        "cash": cash,
    }


def _adjusted(close: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """Multiply each close with the factors after it."""
    later = np.cumprod(factor[::-1])[::-1]
    return close * np.concatenate([later[1:], [1.0]])


def _actions(day, ratio, cash, currency: str) -> list[Action]:
    splits = [
        Action(ex_day=int(day[row]), kind="SPLIT", ratio=float(ratio[row]))
        for row in np.flatnonzero(ratio != 1.0)
    ]
    dividends = [
        Action(ex_day=int(day[row]), kind="DIVIDEND", cash=float(cash[row]), currency=currency)
        for row in np.flatnonzero(cash > 0)
    ]
    return [*splits, *dividends]


def _batch(symbol: str, day: np.ndarray, values: dict[str, np.ndarray]) -> BarBatch:
    return BarBatch(
        symbol=symbol,
        file=f"{symbol}.json",
        row_number=np.arange(1, len(day) + 1),
        day=day,
        values=values,
        raw=[],
    )


def _listing(symbol: str, exchange: str, currency: str) -> Listing:
    return Listing(
        symbol=symbol,
        name=symbol,
        asset_class="CRYPTO" if exchange == "CRYPTO" else "EQUITY",
        exchange=exchange,
        currency=currency,
        source="made",
        fields=FIELDS,
    )


def make_rates(seed: int, *, days: int = 500) -> list[Observations]:
    """Make AUDUSD, EURUSD and EURAUD of one fixing, written with six digits."""
    seeded = np.random.default_rng(seed)
    sessions = calendar("24/5").session
    until = int(np.searchsorted(sessions, LAST, side="right"))
    day = sessions[until - days : until]
    audusd = 0.7 * np.exp(np.cumsum(np.clip(seeded.normal(0, 0.006, days), -0.02, 0.02)))
    audusd = np.clip(audusd, 0.45, 1.1)
    eurusd = 1.1 * np.exp(np.cumsum(seeded.normal(0, 0.005, days)))
    known_at = day * 86_400 * 10**9 + 15 * 3600 * 10**9
    rates: Sequence[tuple[str, np.ndarray]] = (
        ("AUDUSD", audusd),
        ("EURUSD", eurusd),
        ("EURAUD", eurusd / audusd),
    )
    return [
        Observations(
            key=key, source="made", day=day.copy(), value=np.round(value, 6), known_at=known_at
        )
        for key, value in rates
    ]


FILE_HEAD = "date,symbol,open,high,low,close,volume"


def file_of(feed: Feed, *, rows: int = 120) -> list[str]:
    """Write a share's last bars as the lines of a file, header first."""
    lines = [FILE_HEAD]
    batch = feed.batch
    for row in range(len(batch.day) - rows, len(batch.day)):
        cells = [f"{batch.values[name][row]:.6f}" for name in ("open", "high", "low", "close")]
        on = batch.day[row].astype("datetime64[D]")
        lines.append(f"{on},{batch.symbol},{','.join(cells)},{batch.values['volume'][row]:.0f}")
    return lines
