"""The playground's examples in turn, on the sample: each runs, in so many statements."""

import re
from collections import defaultdict
from dataclasses import dataclass
from itertools import cycle

import pytest
from graphql import parse
from sqlalchemy import event

from api.graphql.guide import examples
from api.graphql.schema import schema
from api.wiring import App
from models.rebalance_plans import RebalancePlanRepository
from models.session import make_engine, make_sessions, unit_of_work
from tests.api.asking import asked
from tests.api.finished import finish_backtest
from tests.api.market import make_settings
from tests.conftest import SAMPLE
from tests.factories import make_plan

DOCUMENTS = {
    name: document for documents in examples().values() for name, document in documents.items()
}
ROOTS = [schema._schema.query_type, schema._schema.mutation_type]
FIELDS = {name for root in ROOTS for name in root.fields}
PLACEHOLDER = re.compile(r'"([a-z_]+)_\.\.\."')
FOUND = re.compile(r"'([a-z_]+)_([0-9a-f]{8}-[0-9a-f-]{27})'")
# What the next ones need comes first.
EARLY = (
    "saveUniverse",
    "openTrade",
    "runBacktest",
    "runScan",
    "cancelJob",
    "correctTrade",
    "closeTrade",
)
# A newcomer has fetched nothing yet, and no regimes follow the sample.
MISSING = {"regime": "MISSING_DATA"}
# A page of a list with all its relations, or one write with its checks: never one per row.
STATEMENTS = {
    "annotateBacktest": 4,
    "backtest": 2,
    "backtests": 3,
    "bars": 2,
    "cancelJob": 4,
    "cancelTrade": 7,
    "cashFlows": 2,
    "closeTrade": 11,
    "compareBacktests": 1,
    "correctPrice": 14,
    "correctTrade": 7,
    "dashboard": 11,
    "dataHealth": 11,
    "estimate": 6,
    "importTrades": 14,
    "ingestPrices": 8,
    "instrument": 3,
    "instruments": 3,
    "job": 2,
    "jobs": 2,
    "node": 1,
    "openTrade": 13,
    "planRebalance": 17,
    "portfolio": 9,
    "priceRevisions": 3,
    "prices": 3,
    "rebalancePlan": 1,
    "recordCashFlow": 7,
    "recordMembership": 12,
    "regime": 6,
    "retryJob": 20,
    "runBacktest": 18,
    "runScan": 15,
    "runSweep": 15,
    "runWalkForward": 15,
    "saveUniverse": 14,
    "scan": 1,
    "scanners": 0,
    "scans": 3,
    "server": 1,
    "strategies": 0,
    "strategy": 1,
    "stressScenarios": 0,
    "sweep": 3,
    "sweeps": 4,
    "trade": 2,
    "trades": 2,
    "trials": 3,
    "universe": 2,
    "universes": 2,
    "viewer": 1,
    "walkForward": 1,
    "walkForwards": 3,
}


@dataclass(frozen=True)
class Told:
    body: dict
    statements: list


@pytest.fixture(scope="module")
async def answers(make_database, sample_url, worker_id, tmp_path_factory):
    """What each example was told, on a sample market of its own with two finished runs."""
    url = await make_database(f"examples_{worker_id}", template=SAMPLE)
    app = App(make_settings(tmp_path_factory.mktemp("home"), database_url=url))
    app.engine = make_engine(url, pool_size=4, command_timeout_seconds=60.0)
    app.sessions = make_sessions(app.engine)
    ids = defaultdict(list)
    ids["backtest"] = [str((await finish_backtest(app)).id) for _ in range(2)]
    async with unit_of_work(app.sessions) as session:
        plan = await RebalancePlanRepository(session).add(make_plan(owner_id=app.settings.owner_id))
    ids["rebalance_plan"] = [str(plan.id)]
    told = {}
    for name in sorted(DOCUMENTS, key=_turn):
        told[name] = await _tell(app, _filled(DOCUMENTS[name], ids))
        for kind, uuid in FOUND.findall(str(told[name].body)):
            if uuid not in ids[kind]:
                ids[kind].append(uuid)
    yield told
    await app.engine.dispose()


def _turn(name):
    mutates = name in ROOTS[1].fields
    return (not mutates, EARLY.index(name) if name in EARLY else len(EARLY), name)


def _filled(document, ids):
    """Give each placeholder an id of its kind, the first ones first."""
    turns = {kind: cycle(found) for kind, found in ids.items() if found}
    return PLACEHOLDER.sub(lambda match: f'"{match[1]}_{next(turns[match[1]])}"', document)


async def _tell(app, document):
    seen = []

    def note(_connection, _cursor, statement, *_):
        if "'app.owner'" not in statement:
            seen.append(" ".join(statement.split()))

    event.listen(app.engine.sync_engine, "before_cursor_execute", note)
    try:
        return Told(await asked(app, document), seen)
    finally:
        event.remove(app.engine.sync_engine, "before_cursor_execute", note)


def test_every_root_field_has_an_example():
    assert set(DOCUMENTS) == FIELDS


@pytest.mark.parametrize("name", DOCUMENTS)
def test_an_example_begins_with_what_it_does(name):
    assert re.match(r"# [A-Z].*[.?]\n", DOCUMENTS[name])
    assert parse(DOCUMENTS[name]).definitions[0].name.value == name[0].upper() + name[1:]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_an_example_runs(answers, name):
    body = answers[name].body

    codes = [error["extensions"]["code"] for error in body.get("errors", ())]
    assert codes == ([MISSING[name]] if name in MISSING else []), body
    if name not in MISSING:
        assert body["data"][name] is not None
        assert "'userErrors': [{" not in str(body), body


@pytest.mark.parametrize("name", DOCUMENTS)
def test_an_example_takes_so_many_statements(answers, name):
    assert len(answers[name].statements) == STATEMENTS[name], answers[name].statements
