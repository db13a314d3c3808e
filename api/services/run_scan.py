"""The work of a scan: rows to panel, panel to hits, hits to an object."""

import asyncio
import gzip
import hashlib
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import orjson

from api.ports import ObjectStore
from api.services.panel_cut import EPOCH
from api.services.scan_panel import Scene, load_scene
from api.services.scan_results import hits_key
from api.services.work import ClaimedJob, Pulse
from engine.errors import InvalidParameters
from engine.scan import FunnelStep, Hit, Scanned, scan
from engine.scan_rules import Judged
from engine.scanners import SCANNERS, Scanner
from engine.types import FloatArray
from models.quarantines import QuarantineRepository
from models.scan import Scan
from models.scans import ScanRepository
from models.session import SessionFactory, unit_of_work

SPARK = 63  # bars of the small curve beside a hit: a quarter
DIGITS = 10
# What a run must know of its risk-free rate says nothing of a scan.
OF_RATES = ("rf_missing", "rf_foreign")


async def run_scan(
    job: ClaimedJob, pulse: Pulse, *, sessions: SessionFactory, store: ObjectStore
) -> dict[str, Any]:
    """Do one scan and store its hits under the claim's prefix.

    Nothing of it can be seen before `api.services.publish_scan` records the prefix.
    Raises Stopped, EngineError, MissingData, Unavailable.
    """
    started = time.monotonic()
    async with unit_of_work(sessions) as session:
        wanted = await ScanRepository(session).require_by_job(job.id)
    scanner = _scanner(wanted)
    pulse(0.05, "reading prices")
    scene = await load_scene(sessions, wanted, bars=scanner.bars)
    pulse(0.6, "asking the rules")
    found = await asyncio.to_thread(
        scan, scene.panel, scene.row, scene.instant, scanner, aside=scene.aside
    )
    pulse(0.9, "storing")
    kept = found.hits[: wanted.max_results]
    refused = await _refused(sessions, scene, [found.view.symbols[hit.asset] for hit in kept])
    rows = [_hit(found, hit, scanner, scene, refused) for hit in kept]
    body = gzip.compress(orjson.dumps(rows), mtime=0)
    await store.put(hits_key(job.prefix), body)
    return {
        "summary": _summary(found, scene),
        "sha256": hashlib.sha256(body).hexdigest(),
        "compute_seconds": time.monotonic() - started,
    }


def _scanner(wanted: Scan) -> Scanner[Any]:
    """Validate the stored parameters again, now with the real class. Raises InvalidParameters."""
    cls = SCANNERS[wanted.scanner_key]
    try:
        return cls(cls.parameters_type.model_validate(wanted.parameters))
    except ValueError as e:
        raise InvalidParameters(str(e)) from e


async def _refused(sessions: SessionFactory, scene: Scene, symbols: list[str]) -> set[str]:
    """Return those of the hits of which the quality gates refused a row in the days looked at."""
    first = EPOCH + timedelta(days=int(scene.panel.session[0]))
    async with unit_of_work(sessions) as session:
        quarantines = QuarantineRepository(session)
        return await quarantines.refused(symbols, first=first, last=scene.session)


def _summary(found: Scanned, scene: Scene) -> dict[str, Any]:
    instant = datetime.fromtimestamp(scene.instant / 10**9, UTC)
    return {
        "session": scene.session.isoformat(),
        "instant": instant.isoformat(),
        "hits": len(found.hits),
        "flags": [flag for flag in scene.panel.flags if flag not in OF_RATES],
        "funnel": [_step(step) for step in found.funnel],
    }


def _step(step: FunnelStep) -> dict[str, Any]:
    because = [f"{count}: {why}" for why, count in step.because.items()]
    return {
        "code": step.code,
        "name": step.name,
        "asked": step.asked,
        "entered": step.entered,
        "passed": step.passed,
        "failed": step.failed,
        "unknown": step.unknown,
        "because": because,
    }


def _hit(
    found: Scanned, hit: Hit, scanner: Scanner[Any], scene: Scene, refused: set[str]
) -> dict[str, Any]:
    view, asset = found.view, hit.asset
    earned = [
        f"{share.part.name}: {share.points:.1f} of {100 * share.part.weight:.0f} points"
        for share in hit.shares
    ]
    flags = [*hit.flags, *(["quarantined"] if view.symbols[asset] in refused else [])]
    return {
        "symbol": view.symbols[asset],
        "instrument_id": scene.instruments[asset].id,
        "score": hit.score,
        "signal": "STRONG" if hit.strong else "WATCH",
        "reasons": [*(judged.reason(asset) for judged in found.judged), *earned],
        "values": _values(found, hit, scanner) | {"flags": flags},
        "sparkline": _spark(view.close[:, asset]),
    }


def _values(found: Scanned, hit: Hit, scanner: Scanner[Any]) -> dict[str, Any]:
    """Return every figure behind a hit: rules, score, suggested order, what to know of its data."""
    view, asset = found.view, hit.asset
    ticket = scanner.ticket(view, asset)
    return {
        "close": _number(view.close[-1, asset]),
        "currency": view.currency[asset],
        "rules": [_measured(judged, asset) for judged in found.judged],
        "score": [
            {
                "code": share.part.code,
                "name": share.part.name,
                "value": _number(share.value),
                "rank": share.rank,
                "weight": share.part.weight,
                "points": share.points,
            }
            for share in hit.shares
        ],
        "order": None
        if ticket is None
        else {
            "entry": _number(ticket.entry),
            "stop": _number(ticket.stop),
            "shares": ticket.shares,
        },
    }


def _measured(judged: Judged, asset: int) -> dict[str, Any]:
    value, threshold = float(judged.value[asset]), float(judged.threshold[asset])
    return {
        "code": judged.rule.code,
        "name": judged.rule.name,
        "value": _number(value),
        "operator": judged.rule.operator.value,
        "threshold": _number(threshold),
        "margin": _number(abs(value - threshold)),
        "unit": judged.rule.unit.value,
    }


def _number(value: float | np.floating[Any]) -> float | None:
    """Return a figure as JSON has it: null where it is not known, noise of the last bits cut."""
    return float(f"{value:.{DIGITS}g}") if np.isfinite(value) else None


def _spark(close: FloatArray) -> list[float]:
    bars = close[np.isfinite(close)][-SPARK:]
    return [float(f"{value:.6g}") for value in bars]
