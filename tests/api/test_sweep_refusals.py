"""What cannot be searched or read of a sweep, said at its place."""

import pytest

from models import Job, StudyTrial, Sweep, Trial
from models.job import JobKind
from tests.api.searching import AXES, READ, SWEEP, changed, done, submitted, uuid
from tests.api.submitting import rows
from tests.factories import STRANGER


async def test_a_sweep_too_large_is_refused_before_any_row(app, market, ask):
    # Bad input 59: 10 to the 9th combinations.
    axes = [
        {"name": name, "low": 0, "high": 999, "step": 1}
        for name in ("min_adv", "costs.slippageBps", "costs.commissionBps")
    ]

    told = await submitted(ask, changed(axes=axes))

    assert [(fault["code"], fault["reason"], fault["field"]) for fault in told["userErrors"]] == [
        ("LIMIT_EXCEEDED", "COST", ["input", "axes"])
    ]
    assert "1,000,000,000" in told["userErrors"][0]["message"]
    assert [await rows(app.sessions, entity) for entity in (Job, Sweep, StudyTrial, Trial)] == [
        0
    ] * 4


REFUSED = [
    ({"axes": []}, ["input", "axes"], "axes had 0 entries"),
    (
        {"axes": [{"name": "lookbak", "values": [1]}]},
        ["input", "axes", "0", "name"],
        "did you mean lookback?",
    ),
    ({"axes": [{"name": "top_n"}]}, ["input", "axes", "0"], "neither values nor a range"),
    (
        {"axes": [{"name": "top_n", "values": [1], "low": 1}]},
        ["input", "axes", "0"],
        "both values and a range",
    ),
    (
        {"axes": [{"name": "top_n", "values": []}]},
        ["input", "axes", "0", "values"],
        "had no values",
    ),
    (
        {"axes": [{"name": "top_n", "values": [3, 3]}]},
        ["input", "axes", "0", "values"],
        "listed 3 twice",
    ),
    ({"axes": [{"name": "top_n", "values": [0]}]}, ["input", "axes", "0"], "use at least 1"),
    (
        {"axes": [{"name": "top_n", "low": 5, "high": 1}]},
        ["input", "axes", "0", "low"],
        "must be below high",
    ),
    (
        {"axes": [{"name": "top_n", "low": 0, "high": 9}]},
        ["input", "axes", "0"],
        "top_n was 0; use at least 1",
    ),
    (
        {"axes": [{"name": "top_n", "low": 1, "high": 9, "step": 0}]},
        ["input", "axes", "0", "step"],
        "use more than 0",
    ),
    (
        {"axes": [{"name": "min_adv", "low": 0, "high": 9, "log": True}]},
        ["input", "axes", "0", "low"],
        "begins above 0",
    ),
    (
        {"axes": [{"name": "min_score", "low": 0, "high": 1}]},
        ["input", "axes"],
        "range without a step",
    ),
    (
        {"axes": [{"name": "costs.slippageBps", "values": [-1]}]},
        ["input", "axes", "0"],
        "use at least 0",
    ),
    (
        {"axes": [{"name": "weighting", "low": 0, "high": 1}]},
        ["input", "axes", "0"],
        "list its values",
    ),
    (
        {"axes": [{"name": "lookback", "values": [21]}, {"name": "skip", "values": [21, 42]}]},
        ["input", "axes"],
        "no combination fits",
    ),
    ({"axes": [*AXES, AXES[0]]}, ["input", "axes"], "named lookback twice"),
    (
        {"axes": [{"name": "constraints.maxWeight", "low": 0.1, "high": 1, "step": 1e-300}]},
        ["input", "axes"],
        "more than 1,000,000,000,000,000 combinations; at most 5,000",
    ),
    ({"objective": "luck"}, ["input", "objective"], "use one of sharpe"),
    ({"maxTrials": 0}, ["input", "maxTrials"], "use at least 1"),
    ({"maxTrials": 17}, ["input", "maxTrials"], "18 combinations, more than maxTrials, 17"),
    ({"method": "BAYESIAN", "maxTrials": 501}, ["input", "maxTrials"], "at most 500"),
    ({"seed": -1}, ["input", "seed"], "seed was -1"),
    (
        {"base": {**SWEEP["base"], "strategy": "momentun"}},
        ["input", "base", "strategy"],
        "momentum",
    ),
    (
        {"base": {**SWEEP["base"], "start": "2030-01-01"}},
        ["input", "base", "start"],
        "2030-01-01",
    ),
    (
        {"base": {**SWEEP["base"], "overlayVolTarget": 0.1}},
        ["input", "base", "overlayVolTarget"],
        "not searched with",
    ),
    (
        {
            "base": {**SWEEP["base"], "strategy": "breakout", "parameters": {}},
            "axes": [{"name": "constraints.maxTurnover", "values": [0.1, 0.2]}],
        },
        ["input", "axes", "0", "name"],
        "limits how far weights move, and breakout has entries and stops",
    ),
    (
        {
            "base": {**SWEEP["base"], "strategy": "stat_arb", "parameters": {}},
            "axes": [{"name": "constraints.maxWeight", "low": 0.1, "high": 0.2, "step": 0.1}],
        },
        ["input", "axes", "0", "name"],
        "axis constraints.maxWeight meets runs of stat_arb that sell short",
    ),
    (
        {
            "base": {**SWEEP["base"], "strategy": "ts_momentum", "parameters": {}}
            | {"constraints": {"maxWeight": 0.5}},
            "axes": [{"name": "allow_short", "values": [False, True]}],
        },
        ["input", "axes", "0", "name"],
        "axis allow_short meets runs of ts_momentum that sell short",
    ),
    (
        {
            "base": {**SWEEP["base"], "strategy": "regime", "parameters": {"min_obs": 252}},
            "axes": [{"name": "features", "values": ["return_vol", "return_vol_vix"]}],
        },
        ["input", "base", "strategy"],
        "regime needs the panel VIX, of which nothing is stored",
    ),
    (
        {
            "base": {**SWEEP["base"], "strategy": "reversal", "parameters": {}},
            "axes": [{"name": "vix_min", "low": 10.0, "high": 20.0, "step": 5.0}],
        },
        ["input", "base", "strategy"],
        "needs the panel VIX",
    ),
    (
        {"axes": [{"name": "lookback", "values": [60, 756]}]},
        ["input", "base", "parameters", "lookback"],
        "758 sessions",
    ),
]


async def test_what_cannot_be_searched_is_said_at_its_place(app, market, ask):
    for given, field, words in REFUSED:
        told = await submitted(ask, changed(**given))

        assert (told["sweep"], told["job"], told["combinations"]) == (None, None, 0), given
        assert [fault["field"] for fault in told["userErrors"]] == [field], given
        assert words in told["userErrors"][0]["message"], given
    assert await rows(app.sessions, Job) == 0


async def test_a_panel_only_the_base_would_read_is_not_asked_for(app, market, ask):
    """Every trial replaces the choice that needs it."""
    base = {
        **SWEEP["base"],
        "strategy": "regime",
        "parameters": {"min_obs": 252, "features": "return_vol_vix"},
    }
    axes = [{"name": "features", "values": ["return", "return_vol"]}]

    told = await submitted(ask, changed(base=base, axes=axes))
    await done(app, uuid(told["job"]["id"]))

    assert (told["userErrors"], told["combinations"]) == ([], 2)
    query = "query Best($id: ID!) { sweep(id: $id) { best { parameters } job { status } } }"
    read = (await ask(query, id=told["sweep"]["id"]))["data"]["sweep"]
    assert read["job"]["status"] == "SUCCEEDED"
    assert read["best"]["parameters"]["features"] in axes[0]["values"]


async def test_a_strangers_sweep_is_absent(app, market, ask):
    told = await submitted(ask)
    await done(app, uuid(told["job"]["id"]))

    theirs = await ask(READ, id=told["sweep"]["id"], viewer_id=STRANGER)
    node = await ask(
        "query Q($id: ID!) { node(id: $id) { id } }", id=told["sweep"]["id"], viewer_id=STRANGER
    )
    ledger = await ask(
        'query { trials(family: "momentum:TEST_US") { count } sweeps { totalCount } }',
        viewer_id=STRANGER,
    )

    assert (theirs["data"]["sweep"], node["data"]["node"]) == (None, None)
    assert ledger["data"] == {"trials": {"count": 0}, "sweeps": {"totalCount": 0}}


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ('surface(x: "luck", y: "top_n") { x }', "this search varied lookback, skip, top_n"),
        ('surface(x: "lookback", y: "top_n", metric: "luck") { x }', "name a figure of Metrics"),
        ('trials(orderBy: "luck") { totalCount }', "name a figure of Metrics"),
        ("trials(first: 101) { totalCount }", "ask for 1 to 100"),
    ],
)
async def test_what_cannot_be_read_is_said(app, market, ask, asked, words):
    told = await submitted(ask)

    body = await ask(
        "query Q($id: ID!) { sweep(id: $id) { ASKED } }".replace("ASKED", asked),
        id=told["sweep"]["id"],
    )

    assert words in body["errors"][0]["message"]


async def test_a_page_of_trials_takes_as_many_statements_as_one(app, market, ask, counting):
    told = await submitted(ask)
    await done(app, uuid(told["job"]["id"]))
    document = """
        query Q($id: ID!, $first: Int) { sweep(id: $id) { trials(first: $first) {
            nodes { number parameters metrics { sharpe } backtest { id } } } } }
    """
    with counting() as one:
        await ask(document, id=told["sweep"]["id"], first=1)
    with counting() as many:
        await ask(document, id=told["sweep"]["id"], first=18)

    assert len(one) == len(many)


async def test_pages_of_trials_join(app, market, ask):
    told = await submitted(ask)
    await done(app, uuid(told["job"]["id"]))
    document = """
        query Q($id: ID!, $after: String, $by: String) { sweep(id: $id) {
            trials(first: 7, after: $after, orderBy: $by) {
                pageInfo { endCursor hasNextPage } nodes { number } } } }
    """
    for by in (None, "-sharpe", "number", "-number", "tailRatio"):
        seen, after = [], None
        while True:
            body = await ask(document, id=told["sweep"]["id"], after=after, by=by)
            page = body["data"]["sweep"]["trials"]
            seen += [node["number"] for node in page["nodes"]]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        assert sorted(seen) == list(range(1, 19))
        if by == "number":
            assert seen == sorted(seen)


def test_shards_are_nobodys_business():
    from api.graphql.enums import JobKind as Shown

    assert JobKind.SHARD.value not in Shown.__members__
