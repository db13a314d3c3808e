import orjson
import pytest
from sqlalchemy import func, select

from api.graphql.execute import answer
from api.graphql.request import GraphQLRequest
from api.services.identity import ALL_SCOPES
from models import Job
from models.jobs import JobRepository
from models.session import unit_of_work
from tests.api.finished import POINTS, finish_backtest
from tests.factories import STRANGER, make_backtest, make_job

DETAIL = """
query Detail($id: ID!, $points: Int, $orders: Int = 2, $after: String) {
  backtest(id: $id) {
    id universe strategy { key version } job { status progress attempts etaSeconds error { code }
      computeSeconds subject { id } }
    metrics { totalReturn sharpe calmar tailRatio maxDrawdown totalCosts finalValue tradeCount
      sessions undefined }
    benchmarkMetrics { sharpe }
    overfitting { psr deflatedSharpe trials effectiveTrials sharpeInterval verdict }
    guards { lookaheadFree survivorshipGapCagr fillsOnRealBars missingData flags }
    assumedBetas
    diagnostics
    equity(maxPoints: $points) { dates strategy benchmark pointCount totalPoints }
    gross: equity(maxPoints: 50, basis: GROSS) { strategy pointCount }
    price: equity(basis: PRICE) { strategy }
    drawdown { strategy benchmark pointCount }
    monthlyReturns { year month value }
    annualReturns { year strategy benchmark beatBenchmark }
    worstDrawdowns { peak trough recovered depth days }
    orders(first: $orders, after: $after) {
      nodes { date symbol side quantity filled price commission slippage fxCost reason }
      totalCount pageInfo { hasNextPage hasPreviousPage endCursor } }
    attribution { asset currency interaction costs cash bySymbol }
    downloads { label url bytes expiresAt }
  }
}
"""
LIST = """
query List($first: Int, $after: String, $orderBy: BacktestOrder, $filter: BacktestFilter) {
  backtests(first: $first, after: $after, orderBy: $orderBy, filter: $filter) {
    nodes { id name strategy { name } job { id status } metrics { sharpe } }
    pageInfo { hasNextPage hasPreviousPage endCursor }
  }
}
"""


async def test_a_finished_run_in_full(ask, app):
    run = await finish_backtest(app)

    body = await ask(DETAIL, id=f"backtest_{run.id}", points=100)

    shown = body["data"]["backtest"]
    assert shown["strategy"] == {"key": "momentum", "version": "1"}
    assert shown["job"] == {
        "status": "SUCCEEDED",
        "progress": 1,
        "attempts": 1,
        "etaSeconds": None,
        "error": None,
        "computeSeconds": 1.5,
        "subject": {"id": f"backtest_{run.id}"},
    }
    assert shown["metrics"] == {
        "totalReturn": 0.5,
        "sharpe": 1.25,
        "calmar": None,
        "tailRatio": None,
        "maxDrawdown": -0.2,
        "totalCosts": "12.34",
        "finalValue": "150000.00",
        "tradeCount": 3,
        "sessions": POINTS,
        "undefined": {"tailRatio": "fewer than 20 returns", "calmar": "no losing period"},
    }
    assert shown["benchmarkMetrics"] is None
    assert shown["overfitting"]["sharpeInterval"] == [0.5, 2.0]
    assert shown["overfitting"]["trials"] == 4
    assert shown["guards"]["flags"] == ["vendor_adjusted"]
    assert shown["assumedBetas"] == ["BBB"]
    assert shown["diagnostics"] == {"meta_label": {"auc": 0.53, "brier": None}}
    assert shown["equity"]["strategy"] == [100.0 + day for day in range(100)]
    assert shown["equity"]["dates"][:2] == ["2020-01-01", "2020-01-02"]
    assert (shown["equity"]["pointCount"], shown["equity"]["totalPoints"]) == (100, POINTS)
    assert shown["gross"] == {"strategy": [200.0 + 2 * day for day in range(50)], "pointCount": 50}
    assert shown["price"] is None  # a run that was stored without the curve
    assert (shown["drawdown"]["pointCount"], shown["drawdown"]["benchmark"]) == (POINTS, None)
    assert shown["monthlyReturns"][1] == {"year": 2020, "month": 2, "value": -0.02}
    assert shown["annualReturns"] == [
        {"year": 2020, "strategy": 0.5, "benchmark": 0.4, "beatBenchmark": True},
        {"year": 2021, "strategy": 0.1, "benchmark": None, "beatBenchmark": None},
    ]
    assert shown["worstDrawdowns"] == [
        {"peak": "2020-01-05", "trough": "2020-01-09", "recovered": None, "depth": -0.2, "days": 9}
    ]
    assert shown["orders"]["nodes"][0] == {
        "date": "2020-01-02",
        "symbol": "AAA",
        "side": "BUY",
        "quantity": "10",
        "filled": "10",
        "price": "100.5",
        "commission": "3",
        "slippage": "0.5025",
        "fxCost": "0",
        "reason": "rebalance",
    }
    assert shown["orders"]["totalCount"] == 3
    assert shown["attribution"]["bySymbol"] == {"AAA": 0.5}
    prefix = f"results/{run.job_id}/1/"
    assert shown["downloads"] == [
        {
            "label": "Orders (CSV)",
            "url": f"/downloads/{prefix}orders.csv",
            "bytes": 9,
            "expiresAt": None,
        }
    ]


async def test_a_detail_takes_three_statements(ask, app, counting):
    run = await finish_backtest(app)

    with counting() as seen:
        body = await ask(DETAIL, id=f"backtest_{run.id}")

    assert "errors" not in body
    # The run, its job, and the run again as the job's subject.
    assert len(seen) == 3, seen


async def test_the_pages_of_orders_follow_each_other(ask, app):
    run = await finish_backtest(app)
    first = (await ask(DETAIL, id=f"backtest_{run.id}"))["data"]["backtest"]["orders"]

    after = first["pageInfo"]["endCursor"]
    second = (await ask(DETAIL, id=f"backtest_{run.id}", after=after))["data"]["backtest"]["orders"]

    assert (len(first["nodes"]), first["pageInfo"]["hasNextPage"]) == (2, True)
    assert [order["reason"] for order in second["nodes"]] == ["volume"]
    assert not second["pageInfo"]["hasNextPage"]
    assert second["pageInfo"]["hasPreviousPage"]


async def test_a_queued_run_has_no_figures_yet(ask, app):
    async with unit_of_work(app.sessions) as session:
        job = await JobRepository(session).add(make_job(owner_id=app.settings.owner_id))
        run = make_backtest(job)
        session.add(run)

    shown = (await ask(DETAIL, id=f"backtest_{run.id}"))["data"]["backtest"]

    for name in ("metrics", "guards", "diagnostics", "equity", "drawdown", "attribution"):
        assert shown[name] is None
    assert shown["overfitting"] is None
    assert (shown["monthlyReturns"], shown["worstDrawdowns"], shown["downloads"]) == ([], [], [])
    assert shown["orders"]["nodes"] == []
    assert shown["orders"]["totalCount"] == 0


async def test_stored_columns_reach_the_answer_unparsed(app):
    run = await finish_backtest(app)
    document = "query($id: ID!) { backtest(id: $id) { equity { strategy } } }"

    told = await answer(
        GraphQLRequest(document, variables={"id": f"backtest_{run.id}"}),
        app,
        viewer_id=app.settings.owner_id,
        scopes=ALL_SCOPES,
        request_id="test",
    )

    column = told.body["data"]["backtest"]["equity"]["strategy"]
    assert type(column) is orjson.Fragment


async def test_too_few_points_are_a_clear_error(ask, app):
    run = await finish_backtest(app)

    body = await ask(DETAIL, id=f"backtest_{run.id}", points=49)

    error = body["errors"][0]
    assert error["message"] == "maxPoints was 49; ask for at least 50"
    assert error["path"] == ["backtest", "equity"]
    assert error["extensions"] == {"code": "BAD_MAX_POINTS", "field": ["maxPoints"]}
    assert body["data"]["backtest"]["equity"] is None


@pytest.mark.parametrize(
    "id", ["", "backtest_", "backtest_1", "job_x", "{0}", "Backtest_{0}", "job_{0}"]
)
async def test_an_id_that_is_none_of_ours_is_not_found(ask, app, id):
    run = await finish_backtest(app)

    body = await ask("query($id: ID!) { backtest(id: $id) { id } }", id=id.format(run.id))

    assert body["data"] == {"backtest": None}


async def test_another_owners_run_is_not_found(ask, app):
    run = await finish_backtest(app, owner_id=STRANGER)
    ids = {"run": f"backtest_{run.id}", "job": f"job_{run.job_id}"}

    body = await ask(
        """query($run: ID!, $job: ID!) { backtest(id: $run) { id } job(id: $job) { id }
        a: node(id: $run) { id } b: node(id: $job) { id }
        backtests { nodes { id } totalCount } jobs { nodes { id } totalCount } }""",
        **ids,
    )

    assert body["data"] == {
        "backtest": None,
        "job": None,
        "a": None,
        "b": None,
        "backtests": {"nodes": [], "totalCount": 0},
        "jobs": {"nodes": [], "totalCount": 0},
    }


async def test_a_list_of_fifty_with_strategy_and_job_takes_two_statements(ask, app, counting):
    for number in range(51):
        await finish_backtest(app, name=f"run {number}")

    with counting() as seen:
        body = await ask(LIST)

    assert len(body["data"]["backtests"]["nodes"]) == 50
    assert body["data"]["backtests"]["pageInfo"]["hasNextPage"]
    assert len(seen) == 2, seen


async def test_pages_by_a_figure_hold_every_run_once(ask, app):
    runs = [await finish_backtest(app, sharpe=sharpe) for sharpe in (2.0, None, 1.0, 1.0, 3.0)]
    order, after, found = {"field": "SHARPE", "direction": "DESC"}, None, []

    for _ in range(3):
        page = (await ask(LIST, first=2, after=after, orderBy=order))["data"]["backtests"]
        found += [node["id"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]

    ids = [f"backtest_{run.id}" for run in runs]
    assert (found[:2], found[4]) == ([ids[4], ids[0]], ids[1])
    assert set(found[2:4]) == {ids[2], ids[3]}


async def test_a_list_is_narrowed_by_its_filter(ask, app):
    await finish_backtest(app, name="Alpha 50%", strategy_key="hrp")
    await finish_backtest(app, name="Beta", universe_key=None, symbols=["AAA"])

    async def names(**filter):
        body = await ask(LIST, filter=filter)
        return [node["name"] for node in body["data"]["backtests"]["nodes"]]

    assert await names(strategy="hrp") == ["Alpha 50%"]
    assert await names(search="50%") == ["Alpha 50%"]
    assert await names(universe="SAMPLE_US") == ["Alpha 50%"]
    assert await names(status="RUNNING") == []
    assert await names(status="SUCCEEDED", search="eta") == ["Beta"]


@pytest.mark.parametrize("first", [0, -1, 101, 2**31 - 1])
async def test_a_page_size_out_of_bounds_is_a_field_error(ask, app, first):
    body = await ask(LIST, first=first)

    assert body["errors"][0]["message"] == f"first was {first}; ask for 1 to 100"
    assert body["errors"][0]["extensions"]["code"] == "BAD_PAGE_SIZE"


async def test_a_cursor_of_another_order_is_refused(ask, app):
    await finish_backtest(app)
    page = (await ask(LIST, first=1))["data"]["backtests"]

    body = await ask(LIST, after=page["pageInfo"]["endCursor"], orderBy={"field": "CAGR"})

    assert body["errors"][0]["extensions"]["code"] == "BAD_CURSOR"
    assert body["data"] is None


ANNOTATE = """
mutation($input: AnnotateBacktestInput!) {
  annotateBacktest(input: $input) { backtest { name notes } userErrors { code field message } }
}
"""


async def annotated(ask, id, **words):
    return (await ask(ANNOTATE, input={"id": id, **words}))["data"]["annotateBacktest"]


async def test_what_is_left_out_of_an_annotation_stays(ask, app):
    run_id = f"backtest_{(await finish_backtest(app, name='old')).id}"

    noted = await annotated(ask, run_id, notes="two\nlines")
    renamed = await annotated(ask, run_id, name="new")
    cleared = await annotated(ask, run_id, name=None)

    assert noted["backtest"] == {"name": "old", "notes": "two\nlines"}
    assert renamed["backtest"] == {"name": "new", "notes": "two\nlines"}
    assert cleared["backtest"] == {"name": None, "notes": "two\nlines"}


async def test_a_bad_annotation_is_named(ask, app):
    run_id = f"backtest_{(await finish_backtest(app, name='old')).id}"

    unknown = await annotated(ask, "backtest_1", name="new")
    hidden = await annotated(ask, run_id, notes="a\x1bb")

    assert [(e["code"], e["field"]) for e in unknown["userErrors"]] == [
        ("NOT_FOUND", ["input", "id"])
    ]
    assert [(e["code"], e["field"]) for e in hidden["userErrors"]] == [
        ("INVALID", ["input", "notes"])
    ]


async def test_one_refused_mutation_does_not_undo_another(ask, app, market, sessions):
    body = await ask(
        """mutation($good: RunBacktestInput!) {
        good: runBacktest(input: $good) { userErrors { code } job { id } }
        bad: annotateBacktest(input: {id: "none", name: "x"}) { userErrors { code } } }""",
        good={
            "strategy": "equal_weight",
            "symbols": ["AAA"],
            "start": "2018-06-01",
            "currency": "USD",
        },
    )

    assert body["data"]["good"]["userErrors"] == []
    assert body["data"]["bad"]["userErrors"] == [{"code": "NOT_FOUND"}]
    async with sessions() as session:
        assert await session.scalar(select(func.count()).select_from(Job)) == 1
