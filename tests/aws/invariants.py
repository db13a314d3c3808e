"""What holds whatever happens: reliability.md 2.7, judged from database, objects and queues.

Each check takes the evidence and yields a sentence per violation. `check` runs them all and
names the seed. I12 and I14 speak of several owners and of ingest and have tests of their own:
for I12, `tests/aws/faults/test_faults_tenants.py`.
"""

import gzip
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

from tests.aws.evidence import Evidence

TERMINAL = ("succeeded", "failed", "cancelled")
Check = Callable[[Evidence], Iterator[str]]


def one_row_per_answer(found: Evidence) -> Iterator[str]:
    """I1: every mutation that returned a job has exactly one row; no row without an owner."""
    answered = {told.job_id for told in found.submits if told.job_id is not None}
    for job_id in answered - set(found.jobs):
        yield f"I1: a client was told of job {job_id}, which has no row"
    for job_id in set(found.jobs) - answered:
        yield f"I1: job {job_id} has a row, and no client was told of it"
    owners = {told.owner_id for told in found.submits}
    for job in found.jobs.values():
        if job["owner_id"] not in owners:
            yield f"I1: job {job['id']} belongs to {job['owner_id']}, who submitted nothing"


def one_terminal_state(found: Evidence) -> Iterator[str]:
    """I2: every job ends once and never leaves its end."""
    for job_id, job in found.jobs.items():
        if job["status"] not in TERMINAL:
            yield f"I2: job {job_id} is still {job['status']}"
        after = [each for each in found.history[job_id] if _status(each["old"]) in TERMINAL]
        for each in after:
            yield f"I2: job {job_id} was {_status(each['old'])} and changed afterwards"
        ends = [event["kind"] for event in found.events[job_id] if event["kind"] in TERMINAL]
        if ends != [job["status"]]:
            yield f"I2: job {job_id} is {job['status']}, its events tell of {ends}"


def one_effective_result(found: Evidence) -> Iterator[str]:
    """I3: the pointer is written once, by the claim it names; run and ledger follow it."""
    trials = Counter(trial["backtest_id"] for trial in found.trials)
    for job_id, job in found.jobs.items():
        pointers = {each["new"]["result_prefix"] for each in found.history[job_id]} - {None}
        if len(pointers) > 1:
            yield f"I3: job {job_id} has pointed at {sorted(pointers)}"
        expected = f"results/{job_id}/{job['fence']}/" if job["status"] == "succeeded" else None
        if job["result_prefix"] != expected:
            yield f"I3: job {job_id} points at {job['result_prefix']}, expected {expected}"
        run = found.runs.get(job_id)
        if run is None:
            continue
        if run["result_prefix"] != expected:
            yield f"I3: the run of job {job_id} points at {run['result_prefix']} not {expected}"
        counted = trials[run["id"]]
        if counted != (expected is not None):
            yield f"I3: the run of job {job_id}, {job['status']}, counts as {counted} trials"


def fences_rise(found: Evidence) -> Iterator[str]:
    """I4: the fence rises by one with each claim and with nothing else."""
    for job_id, versions in found.history.items():
        for old, new in ((each["old"], each["new"]) for each in versions if each["old"]):
            if new is None:
                yield f"I4: job {job_id} was deleted"
                continue
            rise = new["fence"] - old["fence"]
            claimed = new["attempt"] - old["attempt"] == 1 and new["status"] == "running"
            if rise not in (0, 1) or (rise == 1) != claimed:
                yield f"I4: job {job_id} went from fence {old['fence']} to {new['fence']}, {new}"
        fences = [event["fence"] for event in found.events[job_id]]
        if fences != sorted(fences):
            yield f"I4: the events of job {job_id} carry the fences {fences}"


def attempts_are_bounded(found: Evidence) -> Iterator[str]:
    """I5: attempts are counted before the work and never pass their bound."""
    for job_id, job in found.jobs.items():
        claims = sum(event["kind"] == "claimed" for event in found.events[job_id])
        if claims != job["attempt"]:
            yield f"I5: job {job_id} was claimed {claims} times and counts {job['attempt']}"
        if job["attempt"] > job["max_attempts"]:
            yield f"I5: job {job_id} was tried {job['attempt']} times of {job['max_attempts']}"


def keys_mean_one_job(found: Evidence) -> Iterator[str]:
    """I6: same key and request, same job; same key and another request, a conflict and no row."""
    first: dict[tuple[object, str], tuple[str, object]] = {}
    for told in found.submits:
        if told.key is None:
            continue
        asked, job_id = first.setdefault((told.owner_id, told.key), (told.asked, told.job_id))
        if told.asked == asked and told.job_id != job_id:
            yield f"I6: key {told.key} gave job {job_id}, then {told.job_id or told.answer}"
        if told.asked != asked and told.answer != "IDEMPOTENCY_CONFLICT":
            yield f"I6: key {told.key} was used for another request and answered {told.answer}"


def nothing_is_lost(found: Evidence) -> Iterator[str]:
    """I7: no job waits without a message."""
    for job in found.jobs.values():
        if job["status"] == "queued":
            yield f"I7: job {job['id']} waits since {job['created_at']}, sent {job['sends']} times"


def queues_hold_the_poison_only(found: Evidence) -> Iterator[str]:
    """I8: the queue is empty; the dead letters are what was injected, each with its reason."""
    if found.waiting:
        yield f"I8: {found.waiting} messages are still in the queue"
    dead, injected = Counter(found.dead), Counter(found.injected)
    for body in (dead - injected).elements():
        yield f"I8: a message that was no poison is among the dead letters: {body[:200]}"
    for body in (injected - dead).elements():
        yield f"I8: a poison is not among the dead letters: {body[:200]!r}"
    if len(found.poison) != len(found.injected):
        yield f"I8: {len(found.poison)} reasons are kept for {len(found.injected)} poisons"
    for row in found.poison:
        if not row["reason"]:
            yield f"I8: the poison {row} has no reason"


def cancelled_stays_cancelled(found: Evidence) -> Iterator[str]:
    """I9: what was acknowledged as cancelled never succeeds; what had ended is not changed."""
    for told in found.cancels:
        status = found.jobs[told.job_id]["status"]
        if told.answer in ("CANCELLED", "RUNNING") and status != "cancelled":
            yield f"I9: the cancel of job {told.job_id} answered {told.answer}; it is {status}"
        asked = found.jobs[told.job_id]["cancel_requested_at"]
        if told.answer == "ALREADY_FINISHED" and asked is not None:
            yield f"I9: job {told.job_id} had finished, and carries a cancel"


def progress_rises(found: Evidence) -> Iterator[str]:
    """I10: progress never falls, stays within 0..1, and is 1 after success only."""
    for job_id, versions in found.history.items():
        told = [each["new"]["progress"] for each in versions if each["new"]]
        if told != sorted(told) or not 0.0 <= told[0] <= told[-1] <= 1.0:
            yield f"I10: job {job_id} told the progress {told}"
        for new in (each["new"] for each in versions if each["new"]):
            if (new["progress"] == 1.0) != (new["status"] == "succeeded"):
                yield f"I10: job {job_id} was {new['status']} at {new['progress']}"


def events_are_gap_free(found: Evidence) -> Iterator[str]:
    """I11: the events of a job are numbered without a gap and their times do not fall."""
    for job_id, job in found.jobs.items():
        events = found.events.get(job_id, ())
        if [event["seq"] for event in events] != list(range(1, job["events"] + 1)):
            yield f"I11: job {job_id} numbers its events {[event['seq'] for event in events]}"
        times = [event["at"] for event in events]
        if times != sorted(times):
            yield f"I11: the events of job {job_id} happened at {times}"


def objects_are_whole(found: Evidence) -> Iterator[str]:
    """I13: a pointer leads to whole objects; lost attempts leave bounded rubbish."""
    by_job: dict[str, set[str]] = defaultdict(set)
    for key in found.objects:
        folder, *rest = key.split("/")
        if folder == "results":
            by_job[rest[0]].add("/".join(("results", *rest[:2], "")))
    known = {str(job_id) for job_id in found.jobs}
    for stranger in set(by_job) - known:
        yield f"I13: objects are stored for {stranger}, which is no job"
    for job_id, job in found.jobs.items():
        unreferenced = by_job[str(job_id)] - {job["result_prefix"]}
        allowed = job["attempt"] - (job["status"] == "succeeded")
        if len(unreferenced) > allowed:
            yield f"I13: job {job_id} left {sorted(unreferenced)} after {job['attempt']} attempts"
        if job["result_prefix"] is not None:
            yield from _pointed_at(found, job["result_prefix"], found.runs.get(job_id))


def _pointed_at(found: Evidence, prefix: str, run) -> Iterator[str]:
    stored = {key: body for key, body in found.objects.items() if key.startswith(prefix)}
    if not stored:
        yield f"I13: nothing lies under {prefix}, which a finished job points at"
    for key, body in stored.items():
        if key.endswith(".gz"):
            try:
                gzip.decompress(body)
            except (EOFError, gzip.BadGzipFile):
                yield f"I13: {key} is half an object of {len(body)} bytes"
    for download in run["summary"]["downloads"] if run else ():
        if len(stored.get(download["key"], b"")) != download["bytes"]:
            yield f"I13: {download['key']} should have {download['bytes']} bytes"


def no_rubbish(found: Evidence) -> Iterator[str]:
    """I13, after the sweep of objects: every result that is stored is pointed at."""
    kept = {job["result_prefix"] for job in found.jobs.values()}
    for key in found.objects:
        if key.startswith("results/") and "/".join((*key.split("/")[:3], "")) not in kept:
            yield f"I13: {key} was not swept"


INVARIANTS: tuple[Check, ...] = (
    one_row_per_answer,
    one_terminal_state,
    one_effective_result,
    fences_rise,
    attempts_are_bounded,
    keys_mean_one_job,
    nothing_is_lost,
    queues_hold_the_poison_only,
    cancelled_stays_cancelled,
    progress_rises,
    events_are_gap_free,
    objects_are_whole,
)


def violations(found: Evidence) -> list[str]:
    return [sentence for check in INVARIANTS for sentence in check(found)]


def _status(row) -> str | None:
    return None if row is None else row["status"]
