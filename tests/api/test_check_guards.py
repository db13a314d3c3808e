"""What follows a finished run: the least capital, and what its members of today would have made."""

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial

import pytest
from sqlalchemy import select, text
from sqlmodel import col

from api.services.backtest_request import BacktestRequest, Costs
from api.services.backtests import submit_backtest
from api.services.check_guards import check_guards
from api.services.jobs import perform
from api.services.publish_backtest import publish_backtest
from api.services.publish_guards import publish_guards
from api.services.run_backtest import run_backtest
from api.services.work import Steps
from models import Job, JobKind, JobStatus
from models.backtest import Currency
from models.backtests import BacktestRepository
from models.fingerprint import Scope
from models.fingerprints import FingerprintRepository
from models.instruments import InstrumentRepository
from models.jobs import JobRepository
from models.session import unit_of_work
from models.universes import Spell, UniverseRepository
from tests.api.job_rows import FAST
from tests.api.market import FIRST, SHARES, UNIVERSE
from tests.factories import OWNER, make_universe

REQUEST = BacktestRequest(
    strategy="equal_weight",
    universe=UNIVERSE,
    start=date(2018, 1, 8),
    end=date(2019, 11, 1),
    currency=Currency.USD,
    costs=Costs(commission_flat=300.0),
)


@pytest.fixture
async def followed(app, market):
    """Return a function that performs a run and what follows it: the run, and the job after it."""
    async with unit_of_work(app.sessions) as session:
        # The market's bars are known a quarter of an hour after the close at which a run decides.
        await session.execute(text("UPDATE price_bar SET known_at = known_at - interval '2 hours'"))
    lent = {"sessions": app.sessions, "store": app.store}
    kinds = {
        "BACKTEST": Steps(work=partial(run_backtest, **lent), publish=publish_backtest),
        "GUARD": Steps(work=partial(check_guards, **lent), publish=publish_guards),
    }

    async def follow(request=REQUEST, between=()):
        async with unit_of_work(app.sessions) as session:
            submitted = await submit_backtest(session, owner_id=OWNER, request=request)
        await perform(submitted.job.id, kinds, app.sessions, timing=FAST)
        async with unit_of_work(app.sessions) as session:
            for statement in between:
                await session.execute(text(statement))
        async with app.sessions() as session:
            [after] = await session.scalars(select(Job).where(col(Job.kind) == JobKind.GUARD))
        await perform(after.id, kinds, app.sessions, timing=FAST)
        async with app.sessions() as session:
            after = await session.get_one(Job, after.id)
            return await BacktestRepository(session).require_by_job(submitted.job.id), after

    return follow


async def test_the_guards_are_completed_and_the_figures_stand(followed, ask):
    run, job = await followed()

    assert job.status is JobStatus.SUCCEEDED
    told = await ask(
        "query($id: ID!) { backtest(id: $id) { metrics { tradeCount sharpe }"
        " shockPaths { scenario { key kind } covered reason draws benchmarkReturn atTrough"
        " atTroughSpan maxDrawdown worstDrawdown } benchmarkMetrics { sharpe } diagnostics guards {"
        " lookaheadFree survivorshipGapCagr smallestViableCapital flags } } }",
        id=f"backtest_{run.id}",
    )
    shown = told["data"]["backtest"]
    found = shown["diagnostics"]["smallest_viable_capital"]
    assert found["verdict"] in ("number", "always", "never")
    assert found["tried"][-1]["capital"] == 1e7
    kept = shown["guards"]["smallestViableCapital"]
    assert (kept is None) == (found["verdict"] == "never")
    # A list without a history says nothing of who left it, and that is not nought.
    assert shown["guards"]["survivorshipGapCagr"] is None
    assert "survivorship_not_controlled" in shown["guards"]["flags"]
    assert shown["guards"]["lookaheadFree"] is True
    assert shown["metrics"]["tradeCount"] > 0
    low, high = shown["diagnostics"]["bootstrap"]["sharpe"]
    assert low < shown["metrics"]["sharpe"] < high
    crash = shown["shockPaths"][0]
    assert crash["scenario"]["key"] == "path_crash"
    assert (crash["covered"], crash["reason"], crash["draws"]) == (True, None, 8)
    assert crash["benchmarkReturn"] == pytest.approx(-0.35)
    lowest, highest = crash["atTroughSpan"]
    assert lowest <= crash["atTrough"] <= highest
    assert lowest < 0.0
    assert crash["worstDrawdown"] <= crash["maxDrawdown"] < 0.0
    above = shown["diagnostics"]["sharpe_above_benchmark"]
    gap = shown["metrics"]["sharpe"] - shown["benchmarkMetrics"]["sharpe"]
    assert above["difference"] == pytest.approx(gap, rel=0.01)
    assert above["interval"][0] < above["difference"] < above["interval"][1]
    assert 0.0 < above["p_value"] <= 1.0
    beside = shown["diagnostics"]["yardsticks"]["portfolios"]
    assert beside["this_run"]["sharpe"] == pytest.approx(shown["metrics"]["sharpe"], rel=1e-12)
    # The run is equal weight itself, every month and without limits: its own yardstick.
    assert beside["equal_weight"] == beside["this_run"]
    for name in ("equal_weight", "buy_and_hold"):
        assert beside[f"{name}_without_costs"]["cagr"] > beside[name]["cagr"]


async def test_members_who_left_make_a_gap(followed, sessions):
    """The steepest of them leaves in 2019: who picks by the last list never held it."""
    known = datetime.combine(FIRST, datetime.min.time(), tzinfo=UTC)
    async with unit_of_work(sessions) as session:
        ids = await InstrumentRepository(session).ids_by_symbol(SHARES)
        left = {SHARES[-1]: date(2019, 3, 1)}
        spells = [Spell(ids[symbol], FIRST, left.get(symbol), known) for symbol in SHARES]
        universe = make_universe("HISTORIC", survivorship_free=True)
        await UniverseRepository(session).save(universe, spells, reason="a test")
        await FingerprintRepository(session).refresh(Scope.MEMBERSHIP, ["HISTORIC"])

    run, _ = await followed(replace(REQUEST, universe="HISTORIC"))

    found = run.summary["diagnostics"]["survivorship"]
    assert found["names_gone"] == 1
    assert run.summary["guards"]["survivorship_gap_cagr"] == found["gap_cagr"]
    assert found["gap_cagr"] < -0.001


async def test_what_follows_is_hidden_and_counts_against_no_quota(followed, ask, sessions):
    _, job = await followed()

    listed = (await ask("{ jobs { nodes { kind } } }"))["data"]["jobs"]["nodes"]
    assert [each["kind"] for each in listed] == ["BACKTEST"]
    async with sessions() as session:
        assert (await JobRepository(session).count_open(OWNER)).today == 1
    retried = await ask(
        "mutation($id: ID!) { retryJob(id: $id) { userErrors { code } } }", id=f"job_{job.id}"
    )
    assert retried["data"]["retryJob"]["userErrors"][0]["code"] == "NOT_FOUND"


OTHER_CENT = (
    "UPDATE backtest SET summary = jsonb_set(summary, '{metrics,final_value}',"
    " to_jsonb((summary->'metrics'->>'final_value')::float8 + 0.01))"
)


async def test_a_run_that_comes_out_otherwise_is_marked_and_told(followed, caplog):
    run, job = await followed(between=[OTHER_CENT])

    assert job.status is JobStatus.SUCCEEDED
    assert run.summary["guards"]["flags"][-1] == "nondeterministic"
    assert "survivorship_not_controlled" in run.summary["guards"]["flags"]
    [told] = [each for each in caplog.records if "came out otherwise" in each.message]
    assert (told.levelname, told.figures) == ("ERROR", ["final_value"])


async def test_a_run_that_repeats_is_not_marked(followed):
    run, _ = await followed()

    assert "nondeterministic" not in run.summary["guards"]["flags"]


async def test_a_run_whose_data_have_changed_since_may_come_out_otherwise(followed):
    corrected = "UPDATE fingerprint SET digest = repeat('ab', 32)"
    run, _ = await followed(between=[OTHER_CENT, corrected])

    assert "nondeterministic" not in run.summary["guards"]["flags"]


async def test_the_same_run_again_asks_for_nothing_more(followed, sessions):
    await followed()
    again = await followed()

    assert again[0].summary["diagnostics"].keys() >= {"survivorship", "smallest_viable_capital"}
