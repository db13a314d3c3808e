"""Bad documents, variables and values: numbers 25 to 54 of the list, each refused by its name."""

import hashlib

import orjson
import pytest

from tests.api.browsing import lasting_browser
from tests.api.finished import finish_backtest
from tests.api.posting import GOOD, post, told


@pytest.fixture(scope="module")
async def http(engine, tmp_path_factory):
    async with lasting_browser(engine, tmp_path_factory.mktemp("home")) as made:
        yield made


BLOCK = '"""'
JOBS = "query($x: %s) { jobs(first: $x) { totalCount } }"


def bomb(number):
    chain = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(number))
    return f"{{ ...F0 }} {chain} fragment F{number} on Query {{ a: server {{ version }} }}"


def deep(levels):
    return "{ node(id: 1) " + "{ job " * (levels - 2) + "{ id }" + " }" * (levels - 1)


def many(text, number):
    return "{ " + " ".join(text.replace("N", str(n)) for n in range(number)) + " }"


RUN = """runBacktest(input: {strategy: "equal_weight", symbols: ["AAA"], start: "2018-06-01"})
    { job { id } }"""
DOCUMENTS = {
    "14 NUL in a literal": '{ instrument(symbol: "\\u0000") { name } }',
    "14 NUL in a list": '{ prices(symbols: ["a", "\\u{0}"]) { symbol } }',
    "14 NUL in a default": 'query($s: String! = "a\\u0000") { instrument(symbol: $s) { name } }',
    "29 anonymous and named": "{ server { version } } query B { server { version } }",
    "30 subscription": "subscription { a }",
    **{f"31 bomb {n}": bomb(n) for n in (20, 60, 90)},
    "32 circle": "{ ...A } fragment A on Query { ...A }",
    "32 circle of three": "{ ...A } fragment A on Query { ...B } fragment B on Query { ...C } "
    "fragment C on Query { ...A }",
    **{f"33 depth {n}": deep(n) for n in (11, 400, 10_000)},
    "34 aliases": many("aN: server { version }", 10_000),
    "34 16 aliases": many("aN: server { version }", 16),
    "35 aliases in fragments": "{ ...A } fragment A on Query { ...B ...B ...B ...B } "
    "fragment B on Query { " + " ".join(f"a{n}: server {{ version }}" for n in range(4)) + " }",
    "36 fields": many("server { version }", 10_000),
    "36 501 fields": "{ server { " + "version " * 500 + "} }",
    "37 known directives": "{ server { version " + "@skip(if:false)" * 5_000 + " } }",
    "37 51 directives": "{ server { version " + "@skip(if:false)" * 51 + " } }",
    "37 unknown directives": "{ server { version " + "@a" * 300 + " } }",
    "38 1,000 runs": "mutation " + many(f"rN: {RUN}", 1_000),
    "38 two runs": "mutation " + many(f"rN: {RUN}", 2),
    "38 two runs in a fragment": "mutation { ...A ...B } fragment A on Mutation { a: "
    + RUN + " } fragment B on Mutation { b: " + RUN + " }",
    "39 circular introspection": "{ __schema { types " + "{ fields { type " * 5
    + "{ name }" + " } }" * 5 + " } }",
    "41 misspelt": "{ helo }",
    "41 misspelt argument": '{ job(ide: "x") { id } }',
    "43 string of 1 MB": '{ job(id: "' + "x" * 200_000 + '") { id } }',
    "43 block string": f"{{ job(id: {BLOCK}" + "x" * 200_000 + f"{BLOCK}) {{ id }} }}",
    "44 white space": "{" + " " * 40_000 + "server { version } }",
    "44 commas": "{" + "," * 40_000 + "server { version } }",
    "44 comments": "#" * 40_000 + "\n{ server { version } }",
    "44 tokens": "{ server { " + "version " * 1_000 + "} }",
    "47 unused variable": "query($x: Int) { server { version } }",
    "47 undefined variable": "{ jobs(first: $x) { totalCount } }",
    "47 missing variable": "query($x: ID!) { job(id: $x) { id } }",
    "47 wrong type": "{ jobs(first: [1]) { totalCount } }",
    "47 null for what must be": "{ job(id: null) { id } }",
    "48 Int beyond 32 bits": "{ jobs(first: 2147483648) { totalCount } }",
    "48 Int of 5,000 digits": "{ jobs(first: " + "9" * 5_000 + ") { totalCount } }",
    "48 no such day": '{ universe(key: "A", validAt: "2025-02-30") { key } }',
    "48 a day without hyphens": '{ universe(key: "A", validAt: "20250203") { key } }',
    "48 year 0": '{ universe(key: "A", validAt: "0000-01-01") { key } }',
    "48 year 9999": '{ universe(key: "A", validAt: "9999-12-31") { key } }',
    "48 year 292277": '{ universe(key: "A", validAt: "+292277-01-01") { key } }',
    "48 no offset": '{ universe(key: "A", knownAt: "2025-02-03T00:00:00") { key } }',
    "49 unknown member": "{ instruments(exchange: NOWHERE) { totalCount } }",
    "49 text for a member": '{ instruments(exchange: "XNYS") { totalCount } }',
    "53 defer": "{ ... @defer { server { version } } }",
    "53 stream": "{ strategies @stream { key } }",
    "nested values": "{ job(id: " + "[" * 150 + "]" * 150 + ") { id } }",
    "nested inline fragments": "{ " + "... { " * 300 + "server { version }" + " }" * 300 + " }",
    "no such fragment": "{ ...A }",
    "two fragments of one name": "{ ...A } fragment A on Query { server { version } } "
    "fragment A on Query { server { version } }",
    "schema definition": "type A { a: Int }",
}  # fmt: skip
# Beyond what a body holds, or no operation at all.
OTHERWISE = {"schema definition": 400}


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_bad_document(http, name):
    query = DOCUMENTS[name]

    new = await post(http, {"query": query})
    legacy = await post(http, {"query": query}, accept="application/json")

    assert new.status_code in (400, 413)
    assert legacy.status_code in (200, 400, 413)
    assert set(told(new)) <= {"BAD_REQUEST", "LIMIT_EXCEEDED"}
    assert set(told(legacy)) == set(told(new))


MISSPELT = ["{ helo }", "{ servr { version } }", "{ server { versions } }",
    "{ jobs(firsts: 1) { totalCount } }", "{ instruments(exchange: XNY) { totalCount } }",
    "mutation { runBacktst { job { id } } }", "{ ... on Jb { id } }",
    "query($x: Strings) { server { version } }", "{ server @skp { version } }",
    "query($x: Exchange) { instruments(exchange: $x) { totalCount } }",
    'mutation { saveUniverse(input: {kye: "A"}) { userErrors { code } } }']  # fmt: skip


@pytest.mark.parametrize("query", MISSPELT)
async def test_41_nothing_is_suggested(http, query):
    answer = await post(http, {"query": query, "variables": {"x": "XNY"}})

    assert "mean" not in answer.text
    assert answer.status_code == 400


@pytest.mark.parametrize("name", ["36 501 fields", "37 unknown directives", "31 bomb 60"])
async def test_limits_come_before_the_rules(http, name):
    """What the rules would have said is not there: they were not asked."""
    answer = await post(http, {"query": DOCUMENTS[name].replace("version", "nothing")})

    assert told(answer) == ["LIMIT_EXCEEDED"]


VARIABLES = {
    "45 nested": ("JSON", b"[" * 10_000 + b"]" * 10_000, 400),
    "45 nested less": ("JSON", b"[" * 11 + b"]" * 11, 400),
    "46 a list of a million": ("[String!]", b"[" + b"1," * 120_000 + b"1]", 400),
    "46 a list too long for a body": ("[String!]", b"[" + b'"a",' * 120_000 + b'"a"]', 413),
    "47 wrong type": ("Int", b'"x"', 400),
    "47 null for what must be": ("Int!", b"null", 400),
    "48 Int beyond 32 bits": ("Int", b"2147483648", 400),
    "48 a fraction": ("Int", b"1.5", 400),
    "48 a truth": ("Int", b"true", 400),
    "48 beyond any float": ("Int", b"1e400", 400),
    "46 text too long": ("Int", b'"' + b"x" * 10_001 + b'"', 400),
}


@pytest.mark.parametrize("name", VARIABLES)
async def test_bad_variable(http, name):
    kind, value, status = VARIABLES[name]
    body = orjson.dumps({"query": JOBS % kind, "variables": {"x": 0}})

    answer = await post(http, body.replace(b'{"x":0}', b'{"x":' + value + b"}"))

    assert answer.status_code == status
    assert set(told(answer)) <= {"BAD_REQUEST", "LIMIT_EXCEEDED"}


@pytest.mark.parametrize(
    ("first", "code"),
    [*((size, "BAD_PAGE_SIZE") for size in ("2147483647", "-1", "0", "101")), ("null", None)],
)
async def test_42_sizes_of_a_page(http, first, code):
    answer = await post(http, {"query": f"{{ jobs(first: {first}) {{ nodes {{ id }} }} }}"})

    assert answer.status_code == 200
    codes = [error["extensions"]["code"] for error in answer.json().get("errors", ())]
    assert codes == ([code] if code else [])


@pytest.mark.parametrize("length", [128, 129, 9_000])
async def test_48_an_id_is_short(ask, length):
    body = await ask("query($id: ID!) { job(id: $id) { id } }", id="x" * length)

    codes = [error["extensions"]["code"] for error in body.get("errors", ())]
    assert codes == ([] if length == 128 else ["BAD_VALUE"])
    assert body["data"] == {"job": None}


PAYLOADS = ["'; DROP TABLE job; --", '{"$gt": ""}', "{{7*7}}${7*7}", "%s%n", "../../etc/passwd",
    "<script>alert(1)</script>", "\\'; SELECT pg_sleep(9); --", "1 OR 1=1"]  # fmt: skip


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_51_a_payload_is_text_like_any_other(ask, app, payload):
    searched = """query($s: String!) {
        instruments(search: $s) { nodes { symbol } } universe(key: $s) { key } }"""
    noted = """mutation($id: ID!, $s: String!) {
        annotateBacktest(input: {id: $id, name: $s}) { userErrors { code } } }"""

    found = await ask(searched, s=payload)
    changed = await ask(noted, id=payload, s=payload)

    assert found["data"] == {"instruments": {"nodes": []}, "universe": None}
    assert changed["data"]["annotateBacktest"]["userErrors"] == [{"code": "NOT_FOUND"}]


@pytest.mark.parametrize("cursor", ["x", "", "????", "A" * 600, "\u00e9", "AAAAAAAAAAAA", "W10="])
async def test_52_a_cursor_of_ones_own(ask, cursor):
    body = await ask("query($c: String!) { jobs(after: $c) { nodes { id } } }", c=cursor)

    assert [error["extensions"]["code"] for error in body["errors"]] == ["BAD_CURSOR"]
    assert body["errors"][0]["path"] == ["jobs"]


@pytest.mark.parametrize(
    "hashed", ["0" * 64, hashlib.sha256(b"{ server { version } }").hexdigest()]
)
async def test_50_an_unknown_hash_is_refused_each_time(http, hashed):
    asked = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": hashed}}}
    first = await post(http, asked)
    with_text = await post(http, asked | {"query": GOOD})
    again = await post(http, asked)

    assert [told(first), told(with_text), told(again)] == [
        ["PERSISTED_QUERY_NOT_FOUND"],
        ["HASH_MISMATCH"],
        ["PERSISTED_QUERY_NOT_FOUND"],
    ]
    assert {first.status_code, with_text.status_code, again.status_code} == {400}


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a\u202eb", None),
        ("a\u2066b", None),
        ("a\u200bb", None),
        ("a\x07b", None),
        ("re\u0301sume", "r\u00e9sume"),
        ("\u0430lpha", "\u0430lpha"),
    ],
    ids=["right to left", "isolate", "zero width", "control", "composed", "homoglyph"],
)
async def test_54_a_name_reads_as_it_is_written(ask, app, text, kept):
    run = await finish_backtest(app)
    noted = """mutation($id: ID!, $s: String!) { annotateBacktest(input: {id: $id, name: $s})
        { backtest { name } userErrors { code field } } }"""

    told = (await ask(noted, id=f"backtest_{run.id}", s=text))["data"]["annotateBacktest"]

    assert [error["code"] for error in told["userErrors"]] == ([] if kept else ["INVALID"])
    assert (told["backtest"] or {}).get("name") == kept
