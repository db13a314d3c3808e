"""Scans for tests: on the last row unless told otherwise, at that session's close."""

import numpy as np

from engine.scan import scan
from engine.scanners import SCANNERS
from engine.schedule import DecisionClock, decision_instants


def make_scanner(key, **parameters):
    cls = SCANNERS[key]
    return cls(cls.parameters_type(**parameters))


def close_of(panel, row):
    return int(decision_instants(panel, np.array([row]), DecisionClock.US_CLOSE)[0])


def scanned(panel, key, *, row=None, aside=None, **parameters):
    row = len(panel.session) - 1 if row is None else row
    return scan(panel, row, close_of(panel, row), make_scanner(key, **parameters), aside=aside)


def outcome(found):
    """Return what a reader sees of a scan, by symbol, so that two can be compared whole."""
    symbols = found.view.symbols
    hits = [
        (symbols[hit.asset], hit.score, hit.strong, [share.points for share in hit.shares])
        for hit in found.hits
    ]
    reasons = [[each.reason(hit.asset) for each in found.judged] for hit in found.hits]
    return found.funnel, hits, reasons
