"""Every invariant turns red on the evidence it is about, and none on a calm run."""

import copy
import gzip
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from tests.aws.evidence import Evidence, Told
from tests.aws.invariants import no_rubbish, violations
from tests.factories import OWNER, STRANGER

JOB, RUN = UUID(int=1), UUID(int=2)
BEGAN = datetime(2026, 1, 5, 10, tzinfo=UTC)
PREFIX = f"results/{JOB}/1/"
BLOB = gzip.compress(b"columns")


def row(**given):
    """A version of the job, as it is before anybody has taken it."""
    fresh = {
        "id": JOB,
        "owner_id": OWNER,
        "status": "queued",
        "fence": 0,
        "attempt": 0,
        "max_attempts": 3,
        "progress": 0.0,
        "result_prefix": None,
        "cancel_requested_at": None,
        "created_at": BEGAN,
        "sends": 1,
        "events": 1,
    }
    return fresh | given


RUNNING = row(status="running", fence=1, attempt=1, events=2)
DONE = row(status="succeeded", fence=1, attempt=1, progress=1.0, result_prefix=PREFIX, events=3)


def calm() -> Evidence:
    """What a job leaves that was delivered once and disturbed by nobody."""
    versions = [row(), RUNNING, RUNNING | {"progress": 0.5}, DONE]
    return Evidence(
        jobs={JOB: DONE},
        history={
            JOB: [
                {"old": old, "new": new}
                for old, new in zip([None, *versions[:-1]], versions, strict=True)
            ]
        },
        events={
            JOB: [
                {"seq": seq, "fence": min(seq - 1, 1), "kind": kind, "at": BEGAN + seconds(seq)}
                for seq, kind in enumerate(("submitted", "claimed", "succeeded"), start=1)
            ]
        },
        runs={
            JOB: {
                "id": RUN,
                "result_prefix": PREFIX,
                "summary": {"downloads": [{"key": f"{PREFIX}equity.gz", "bytes": len(BLOB)}]},
            }
        },
        trials=[{"backtest_id": RUN}],
        poison=[],
        objects={f"{PREFIX}equity.gz": BLOB},
        waiting=0,
        dead=[],
        injected=[],
        submits=[Told(OWNER, "key", "{}", JOB, "ACCEPTED")],
        cancels=[],
    )


def seconds(count):
    return timedelta(seconds=count)


def history(*changes):
    """The calm history with one more version after it, or versions changed in place."""
    found = copy.deepcopy(calm().history[JOB])
    for index, change in changes:
        if index == len(found):
            found.append({"old": found[-1]["new"], "new": found[-1]["new"] | change})
        else:
            found[index]["new"] |= change
            if index + 1 < len(found):
                found[index + 1]["old"] = found[index]["new"]
    return {JOB: found}


def events(index, **change):
    found = copy.deepcopy(calm().events[JOB])
    found[index] |= change
    return {JOB: found}


def job(**change):
    return {JOB: DONE | change}


def told(job_id=JOB, *, key="key", asked="{}", answer="ACCEPTED", owner=OWNER):
    return Told(owner, key, asked, job_id, answer)


FIRST = calm().submits[0]
FIRST_POISON = {"message_id": "m", "reason": "NOT_JSON"}
BREAKS = {
    "I1 no row": ("I1", {"submits": [FIRST, told(UUID(int=9), key="other")]}),
    "I1 nobody was told": ("I1", {"submits": []}),
    "I1 foreign owner": ("I1", {"jobs": job(owner_id=STRANGER)}),
    "I2 open": ("I2", {"jobs": job(status="running", result_prefix=None), "runs": {}}),
    "I2 left its end": ("I2", {"history": history((4, {"sends": 2}))}),
    "I2 ended twice": ("I2", {"events": events(1, kind="failed")}),
    "I3 two pointers": ("I3", {"history": history((2, {"result_prefix": "results/else/"}))}),
    "I3 pointer of another claim": ("I3", {"jobs": job(result_prefix=f"results/{JOB}/2/")}),
    "I3 run points elsewhere": (
        "I3",
        {"runs": {JOB: calm().runs[JOB] | {"result_prefix": "results/else/"}}},
    ),
    "I3 counted twice": ("I3", {"trials": [{"backtest_id": RUN}] * 2}),
    "I3 not counted": ("I3", {"trials": []}),
    "I4 fence falls": ("I4", {"history": history((2, {"fence": 0}))}),
    "I4 fence without a claim": ("I4", {"history": history((2, {"fence": 2}))}),
    "I4 claim without a fence": ("I4", {"history": history((2, {"attempt": 2}))}),
    "I4 old fence writes": ("I4", {"events": events(2, fence=0)}),
    "I5 uncounted claim": ("I5", {"events": events(0, kind="claimed")}),
    "I5 too many": ("I5", {"jobs": job(attempt=4)}),
    "I6 same key, two jobs": ("I6", {"submits": [FIRST, told(None, answer="LOST")]}),
    "I6 other request taken": ("I6", {"submits": [FIRST, told(asked="other")]}),
    "I7 waits": ("I7", {"jobs": job(status="queued")}),
    "I8 not empty": ("I8", {"waiting": 1}),
    "I8 healthy among the dead": ("I8", {"dead": ["healthy"]}),
    "I8 poison lost": ("I8", {"injected": ["poison"], "poison": [FIRST_POISON]}),
    "I8 no reason kept": ("I8", {"injected": ["poison"], "dead": ["poison"]}),
    "I8 reason empty": (
        "I8",
        {"injected": ["p"], "dead": ["p"], "poison": [FIRST_POISON | {"reason": ""}]},
    ),
    "I9 succeeded after all": ("I9", {"cancels": [told(answer="RUNNING")]}),
    "I9 marked after its end": (
        "I9",
        {
            "cancels": [told(answer="ALREADY_FINISHED")],
            "jobs": job(cancel_requested_at=BEGAN),
        },
    ),
    "I10 falls": ("I10", {"history": history((1, {"progress": 0.9}))}),
    "I10 whole too early": ("I10", {"history": history((2, {"progress": 1.0}))}),
    "I11 gap": ("I11", {"events": events(1, seq=5)}),
    "I11 backwards": ("I11", {"events": events(0, at=BEGAN + seconds(9))}),
    "I13 nothing there": ("I13", {"objects": {}}),
    "I13 half an object": ("I13", {"objects": {f"{PREFIX}equity.gz": BLOB[:-9]}}),
    "I13 too much rubbish": (
        "I13",
        {"objects": calm().objects | {f"results/{JOB}/7/equity.gz": BLOB}},
    ),
    "I13 of no job": ("I13", {"objects": calm().objects | {f"results/{RUN}/1/x": b""}}),
}


def test_calm_violates_nothing():
    assert violations(calm()) == []
    assert list(no_rubbish(calm())) == []


@pytest.mark.parametrize(("invariant", "change"), BREAKS.values(), ids=BREAKS.keys())
def test_broken_evidence_is_told(invariant, change):
    found = violations(replace(calm(), **change))

    assert any(sentence.startswith(f"{invariant}:") for sentence in found), found


def test_an_unswept_object_is_told():
    found = calm()
    left = replace(found, objects=found.objects | {f"results/{JOB}/0/equity.gz": BLOB})

    assert list(no_rubbish(left)) == [f"I13: results/{JOB}/0/equity.gz was not swept"]


def test_poison_among_the_dead_is_as_it_should_be():
    poisoned = replace(calm(), injected=["p"], dead=["p"], poison=[FIRST_POISON])

    assert violations(poisoned) == []
