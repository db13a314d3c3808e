"""Faults in data in number: every planted one many times, and millions of clean bars.

    python -m tests.quality

It is the first half of `make soak`; one fault missed or one alarm raised ends it.
"""

import sys

from tests.quality.defects import DEFECTS
from tests.quality.found import in_feed
from tests.quality.made import make_share

SEEDS = range(1, 21)
CLEAN_BARS = 5_000_000
BARS_OF_A_SHARE = 5_000
FIRST_SHARE = 10_000  # none of those that the tests make


def missed() -> list[str]:
    """Name the planted faults that were not found, or beside which something else was."""
    planted = [(defect, seed, *defect.planted(seed)) for defect in DEFECTS for seed in SEEDS]
    return [f"{defect.name} (seed {seed})" for defect, seed, said, must in planted if said != must]


def alarms() -> tuple[int, list[str]]:
    """Judge clean shares until there were enough bars; count those and name the alarms."""
    bars, seed = 0, FIRST_SHARE
    raised: list[str] = []
    while bars < CLEAN_BARS:
        share = make_share(seed, bars=BARS_OF_A_SHARE)
        raised += [f"share {seed}: {place} {reason}" for place, reason in in_feed(share)]
        bars += len(share.batch.day)
        seed += 1
    return bars, raised


def main() -> int:
    lost = missed()
    bars, raised = alarms()
    found = len(DEFECTS) - len({name.split(" (")[0] for name in lost})
    print(f"planted faults found: {found} of {len(DEFECTS)}, {len(SEEDS)} places each")  # noqa: T201
    print(f"alarms on clean bars: {len(raised)} of {bars:,}")  # noqa: T201
    for line in [*lost, *raised][:20]:
        print(f"  {line}")  # noqa: T201
    return 1 if lost or raised else 0


if __name__ == "__main__":
    sys.exit(main())
