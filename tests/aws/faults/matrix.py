"""The fault matrix: each cell one way to do harm, with what must come of it at once.

What must come of it in the end is the same for all: the invariants.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from tests.aws.faults.cells import (
    cancel_after_end,
    cancel_before_start,
    cancel_during_finish,
    cancel_while_running,
    deliver_often,
    kill_at_random,
    kill_before_parsing,
    kill_query,
    kill_sweeper,
    kill_worker,
    message_before_its_turn,
    stop_in_time,
    time_out,
    wake_after_end,
    wake_zombie,
)
from tests.aws.faults.database import (
    lose_commit_of_claim,
    lose_commit_of_finish,
    lose_commit_of_send,
    lose_commit_of_submit,
    refuse_claim,
    refuse_finish,
    refuse_heartbeats,
    refuse_sent_mark,
    refuse_submit,
)
from tests.aws.faults.hosts import (
    hours_and_days,
    leap_day_and_summer_time,
    mix_releases,
    move_clock,
    run_out_of_memory,
    take_newer_messages,
)
from tests.aws.faults.neighbours import (
    kill_backends_of_query,
    kill_backends_of_worker,
    lose_objects_for_ever,
    spoil_objects,
    spoil_receives,
    spoil_sends,
)
from tests.aws.faults.stage import Stage
from tests.aws.faults.stops import QUERY_STOPS, WORKER_STOPS, Stop
from tests.aws.relay import (
    answering,
    flipping_a_bit,
    losing_the_reply,
    s3,
    times,
    truncating,
)

Inject = Callable[[Stage, int], Awaitable[None]]


@dataclass(frozen=True)
class Cell:
    fault: str
    steps: str
    inject: Inject

    @property
    def name(self) -> str:
        return f"{self.fault} {self.steps}"


def _cells(fault: str, inject: Callable[..., Awaitable[None]], stops: dict[str, Stop], *names: str):
    chosen = names or tuple(stops)
    return [Cell(fault, name, partial(inject, stops[name])) for name in chosen]


CELLS: list[Cell] = [
    Cell("F1", "before S0", kill_before_parsing),
    *_cells("F1", kill_query, QUERY_STOPS),
    *_cells("F1", kill_worker, WORKER_STOPS),
    Cell("F1", "S2 of the sweeper", kill_sweeper),
    Cell("F1", "at random", kill_at_random),
    *_cells("F2", wake_zombie, WORKER_STOPS, "after S5", "S7 at 50 %", "before S8"),
    *_cells("F2", wake_after_end, WORKER_STOPS, "after S8"),
    Cell("F3", "S4-S10", deliver_often),
    Cell("F4", "S4", cancel_before_start),
    *_cells("F4", cancel_while_running, WORKER_STOPS, "after S5", "before S8"),
    Cell("F4", "before S9", cancel_during_finish),
    Cell("F4", "after S9", cancel_after_end),
    Cell("F4", "S5", message_before_its_turn),
    *_cells("F5", time_out, WORKER_STOPS, "after S5", "before S8", "after S8"),
    Cell("F5", "soft stop", stop_in_time),
    Cell("F6", "S2 refused", partial(spoil_sends, answering(500))),
    Cell("F6", "S2 throttled", partial(spoil_sends, answering(400, "ThrottlingException"))),
    Cell("F6", "S3 reply lost", partial(spoil_sends, times(2, losing_the_reply))),
    Cell("F7", "S4 and S10", spoil_receives),
    *_cells(
        "F8",
        kill_backends_of_worker,
        WORKER_STOPS,
        "after S5",
        "before S6",
        "before S8",
        "before S9",
    ),
    *_cells("F8", kill_backends_of_query, QUERY_STOPS, "after S0", "before S1"),
    Cell("F9", "S1", lose_commit_of_submit),
    Cell("F9", "S3", lose_commit_of_send),
    Cell("F9", "S5", lose_commit_of_claim),
    Cell("F9", "S9", lose_commit_of_finish),
    Cell("F10", "S1", refuse_submit),
    Cell("F10", "S3", refuse_sent_mark),
    Cell("F10", "S5", refuse_claim),
    Cell("F10", "S7", refuse_heartbeats),
    Cell("F10", "S9", refuse_finish),
    Cell("F11", "S6 500", partial(spoil_objects, s3("GET", "panels/"), times(2, answering(500)))),
    Cell(
        "F11",
        "S6 503",
        partial(spoil_objects, s3("GET", "panels/"), times(4, answering(503, "SlowDown"))),
    ),
    Cell(
        "F11",
        "S6 404",
        partial(spoil_objects, s3("GET", "panels/"), times(1, answering(404, "NoSuchKey"))),
    ),
    Cell("F11", "S6 truncated", partial(spoil_objects, s3("GET", "panels/"), times(1, truncating))),
    Cell(
        "F11",
        "S6 other bytes",
        partial(spoil_objects, s3("GET", "panels/"), times(1, flipping_a_bit)),
    ),
    Cell(
        "F11",
        "S8 503",
        partial(spoil_objects, s3("PUT", "results/"), times(4, answering(503, "SlowDown"))),
    ),
    Cell(
        "F11",
        "S8 reply lost",
        partial(spoil_objects, s3("PUT", "results/"), times(1, losing_the_reply)),
    ),
    Cell("F11", "S8 for ever", lose_objects_for_ever),
    Cell("F13", "S0-S10 hours and days", partial(move_clock, hours_and_days)),
    Cell("F13", "S0-S10 leap day, summer time", partial(move_clock, leap_day_and_summer_time)),
    Cell("F16", "S6", partial(run_out_of_memory, "api.services.run_backtest:load_panel")),
    Cell("F16", "S7", partial(run_out_of_memory, "engine.backtest:run")),
    Cell("F16", "S8", partial(run_out_of_memory, "api.services.series:objects")),
    Cell("F18", "S0-S10 fields", mix_releases),
    Cell("F18", "S4 version", take_newer_messages),
]
