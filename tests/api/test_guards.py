"""What a document comes to, told by one walk: the limits at their edge, and what the walk costs."""

import inspect
import sys
from dataclasses import asdict, replace

import pytest
from graphql import build_schema, parse

from api.graphql.guards import ENQUEUES, survey
from api.graphql.schema import schema
from api.limits import LIMITS

SMALL = build_schema(
    """
    type Query { a: A! page(first: Int, after: String): Page! open: [A!]!
        top(first: Int): [A!]! scalars: [String!]! x(in: I): Int }
    type Mutation { runBacktest: A! retryJob: A! openTrade: A! x: Int }
    type A { a: A! b: A! x: Int list: [A!]! page(first: Int): Page! }
    type Page { nodes: [A!]! edges: [Edge!]! totalCount: Int info: A! }
    type Edge { node: A! cursor: String! }
    input I { i: I l: [I!] x: Int }
    """
)
SMALL.query_type.fields["page"].args["first"].default_value = 20


def seen(document, *, limits=LIMITS, **variables):
    return survey(parse(document), SMALL, variables, limits)


def cost(document, *, limits=LIMITS, **variables):
    return seen(document, limits=limits, **variables).cost(None, limits)


def nested(levels):
    return "{ a " * (levels - 1) + "{ x }" + " }" * (levels - 1)


def in_lists(levels):
    return f"{{ x(in: {'[' * levels}{']' * levels}) }}"


def times(number, text="x"):
    return " ".join(text for _ in range(number))


# Each is a document of exactly so many; at the limit nothing is said, one beyond it is.
EXACTLY = {
    "body_bytes": 262_144, "json_levels": 32, "number_digits": 400, "document_characters": 10_000,
    "tokens": 1_000, "fragments": 50, "depth": 10, "aliases": 15, "fields": 500, "directives": 50,
    "query_fields": 20, "mutation_fields": 5, "enqueuing_fields": 1, "cost": 5_000,
    "page_items": 100, "usual_page_items": 50, "unpaged_items": 10, "list_items": 10_000,
    "input_levels": 10, "string_characters": 10_000, "csv_characters": 200_000,
    "id_characters": 128, "errors": 10, "error_characters": 300, "answer_bytes": 5_000_000,
    "deadline_seconds": 20.0, "body_seconds": 10.0, "pairs": 5_000,
}  # fmt: skip
BOUNDARIES = {
    "depth": nested,
    "aliases": lambda n: "{ a { " + " ".join(f"x{i}: x" for i in range(n)) + " } }",
    "fields": lambda n: "{ a { " + " ".join(f"x{i}" for i in range(n - 1)) + " } }",
    "directives": lambda n: "{ a { x " + times(n, "@skip(if: false)") + " } }",
    "fragments": lambda n: "{ x } " + " ".join(f"fragment F{i} on A {{ x }}" for i in range(n)),
    "query_fields": times,
    "mutation_fields": lambda n: "mutation { " + times(n) + " }",
    "enqueuing_fields": lambda n: "mutation { " + times(n, "runBacktest { x }") + " }",
    "input_levels": in_lists,
}


def test_the_limits_are_those_that_were_decided():
    assert asdict(LIMITS) == EXACTLY


@pytest.mark.parametrize("beyond", [0, 1], ids=["at the limit", "one beyond"])
@pytest.mark.parametrize("name", BOUNDARIES)
def test_limit_boundaries(name, beyond):
    document = BOUNDARIES[name](getattr(LIMITS, name) + beyond)
    if name == "query_fields":
        document = f"{{ {document} }}"

    problems = seen(document).problems

    assert len(problems) == beyond


@pytest.mark.parametrize("name", BOUNDARIES)
def test_a_limit_is_the_settings_own(name):
    document = BOUNDARIES[name](3)
    if name == "query_fields":
        document = f"{{ {document} }}"

    problems = seen(document, limits=replace(LIMITS, **{name: 2})).problems

    assert [problem.split("ask for")[-1] for problem in problems] == [" at most 2"]


@pytest.mark.parametrize(
    "document",
    [
        "query A { ...F } query B { ...F } fragment F on Query { a { %s } }",
        "{ a { ...F b { ...F } } } fragment F on A { %s }",
        "{ a { ... on A { %s } ... { %s } } }",
    ],
    ids=["operations", "spreads", "inline"],
)
def test_aliases_count_wherever_they_are_spread(document):
    hidden = document.replace("%s", " ".join(f"x{n}: x" for n in range(8)))

    (problem,) = seen(hidden).problems

    assert "16 aliases" in problem


def test_a_fragment_nobody_spreads_counts_too():
    document = "{ x } fragment F on A { " + times(500) + " }"

    assert "501 fields" in seen(document).problems[0]


def test_depth_is_that_behind_the_fragments():
    document = "{ a { ...F } } fragment F on A { a { a { ...G } } } fragment G on A " + nested(8)

    assert "11 levels of fields" in seen(document).problems[0]
    assert seen(document, limits=replace(LIMITS, depth=11)).problems == ()


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("{ x }", 0),
        ("{ a { x } }", 1),
        ("{ a { a { x } b { x } } }", 3),
        ("{ scalars }", 0),
        ("{ open { x } }", 10),
        ("{ open { a { x } } }", 20),
        ("{ open { list { x } } }", 110),
        ("{ page { totalCount } }", 1),
        ("{ page { nodes { x } } }", 21),
        ("{ page(first: 100) { nodes { x } } }", 101),
        ("{ page(first: 100) { nodes { a { x } } edges { node { x } cursor } } }", 401),
        ("{ page(first: 100) { info { x } nodes { x } } }", 102),
        ("{ page(first: null) { nodes { x } } }", 51),
        ("{ page(first: -1) { nodes { x } } }", 2),
        ("{ page(first: 2147483647) { nodes { x } } }", 101),
        ("{ page(first: 99999999999999999999) { nodes { x } } }", 101),
        ("{ top { x } }", 50),
        ("{ top(first: 3) { x } }", 3),
        ("{ top(first: 3) { list { x } } }", 33),
        ("{ a { page(first: 10) { nodes { page(first: 10) { nodes { x } } } } } }", 122),
        ("{ page(first: 3) { ...P } } fragment P on Page { nodes { x } ... { info { x } } }", 5),
        ("{ page(first: 3) { ...P } p: page { ...P } } fragment P on Page { nodes { x } }", 25),
        ("{ nothing { x } }", 1),
        ("mutation { runBacktest { x } }", 1),
    ],
)  # fmt: skip
def test_objects_cost_one_and_lists_as_many_as_they_may_hold(document, expected):
    assert cost(document) == expected


@pytest.mark.parametrize(
    ("definition", "variables", "expected"),
    [
        ("$n: Int", {"n": 7}, 8),
        ("$n: Int = 9", {}, 10),
        ("$n: Int = 9", {"n": 7}, 8),
        ("$n: Int", {}, 51),
        ("$n: Int", {"n": None}, 51),
        ("$n: Int", {"n": "many"}, 51),
        ("$n: Int", {"n": True}, 51),
        ("$n: Int", {"n": 10**30}, 101),
    ],
)
def test_a_page_is_as_long_as_its_variable(definition, variables, expected):
    document = f"query({definition}) {{ page(first: $n) {{ nodes {{ x }} }} }}"

    assert cost(document, **variables) == expected
    assert seen(document, **variables).sizes == {"n"}


def test_the_cost_is_that_of_the_operation_asked_for():
    document = "query A { x } query B { open { x } }"

    found = seen(document)

    assert [found.cost(name, LIMITS) for name in ("A", "B", None)] == [0, 10, 0]


def test_cost_ends_at_a_thousand_million():
    document = "{ open " + "{ list " * 12 + "{ x }" + " }" * 12 + " }"

    assert cost(document, limits=replace(LIMITS, depth=20)) == 10**9


def bomb(number, spreads=2):
    """Fragments that spread the next one twice: the last is reached 2^n times."""
    chain = " ".join(
        f"fragment F{n} on A {{ {times(spreads, f'...F{n + 1}')} }}" for n in range(number - 1)
    )
    return f"{{ a {{ ...F0 }} }} {chain} fragment F{number - 1} on A {{ x y: x }}"


@pytest.mark.parametrize("number", [10, 20, 40, 50])
def test_limits_linear_fit(number):
    """Each selection of the text is visited once, however often it is spread."""
    found = seen(bomb(number))

    assert found.visited == 2 + 2 * (number - 1) + 2
    expected = min(10**9, 2 ** (number - 1))
    assert f"{expected:,} aliases" in found.problems[0] or "too many aliases" in found.problems[0]


def test_too_many_fragments_are_not_even_walked():
    assert seen(bomb(90)).visited == 0
    assert "90 fragments" in seen(bomb(90)).problems[0]


@pytest.mark.parametrize(
    "circle",
    [
        "fragment F0 on A { x ...F0 }",
        "fragment F0 on A { x ...F1 } fragment F1 on A { ...F2 } fragment F2 on A { a { ...F0 } }",
    ],
)
def test_a_circle_ends(circle):
    found = seen(f"{{ a {{ ...F0 }} }} {circle}")

    assert found.visited <= 7
    assert found.problems == ("the fragment F0 spreads itself",)


@pytest.mark.parametrize(
    ("document", "pairs"),
    [
        ("{ a { " + times(100) + " } }", 4_950),
        ("{ a { " + times(101) + " } }", 5_050),
        ("{ a { " + times(51, "...F") + " } } fragment F on A { x x }", 5_151),
        ("{ a { ... { " + times(51) + " } ... on A { " + times(50) + " } } }", 5_050),
        ("{ " + times(15, "a { " + times(7) + " }") + " }", 105 + 105 * 104 // 2),
        ("{ a { " + times(15, "x: a { a { x } }") + " } }", 3 * 105),
    ],
    ids=["100 of one name", "101", "in fragments", "inline", "merged below", "few"],
)
def test_pairs_that_the_rules_compare_are_counted_before_they_do(document, pairs):
    problems = seen(document).problems

    told = "pairs of fields" in problems[0] if problems else False
    assert told == (pairs > LIMITS.pairs)
    assert (
        seen(document, limits=replace(LIMITS, aliases=100, query_fields=50, pairs=pairs)).problems
        == ()
    )


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (nested(11), "11 levels of fields"),
        (nested(150), "11 levels of fields"),
        ("{ a " + "{ ... " * 110 + "{ x }" + " }" * 110 + "}", "nested deeper than 100 levels"),
        (in_lists(100), "11 levels of input"),
        ("query($v: [Int] = %s) { x }" % ("[" * 11 + "]" * 11), "11 levels of input"),
        ("{ x(in: %s) }" % ("{i: " * 11 + "{x: 1}" + "}" * 11), "11 levels of input"),
    ],
)
def test_the_walk_turns_back_before_the_interpreter_does(document, told):
    assert told in seen(document).problems[0]


def test_what_is_asked_of_the_schema_is_noticed():
    assert seen("{ __schema { types { name } } }").introspects
    assert seen('{ ...F } fragment F on Query { __type(name: "A") { name } }').introspects
    assert not seen("{ __typename a { __typename } }").introspects


def test_every_mutation_that_queues_a_job_is_known_to():
    """Each resolver that hands the context a job, or calls a function that does."""
    queueing = set()
    for name, field in schema._schema.mutation_type.fields.items():
        resolver = field.extensions["strawberry-definition"].base_resolver.wrapped_func
        module = sys.modules[resolver.__module__]
        if "job_ids" in inspect.getsource(resolver) or _calls_one(resolver, module):
            queueing.add(name)

    assert queueing == ENQUEUES


def _calls_one(resolver, module):
    called = resolver.__code__.co_names
    functions = (getattr(module, name, None) for name in called)
    return any(
        inspect.isfunction(function) and "job_ids" in inspect.getsource(function)
        for function in functions
    )
