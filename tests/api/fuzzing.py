"""Requests at random: documents that schemathesis makes of the schema, and good ones spoilt."""

import random
import warnings
from collections.abc import Iterator
from pathlib import Path

import orjson
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

SDL = Path(__file__).parents[2] / "client" / "schema.graphql"
GOOD = [
    {"query": "{ server { environment } }"},
    {"query": "query A($n: Int) { jobs(first: $n) { nodes { id } } }", "variables": {"n": 3}},
    {"query": '{ node(id: "job_x") { id } }', "operationName": None, "extensions": {}},
    {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}},
    {"query": "mutation { cancelJob(id: 1) { job { id } userErrors { code } } }"},
]
ALPHABET = [
    *b'{}[]":,\\ntrufalse0123456789.eE+- \t\n$@!|&()#u',
    0,
    0x80,
    0xC0,
    0xED,
    0xFF,
    0xEF,
    0xBB,
]


def custom_scalars():
    """Return how the scalars of our own are written, rightly more often than not."""
    from hypothesis_graphql import nodes

    days = st.sampled_from(["2024-01-02", "2025-02-30", "0000-01-01", "x", ""])
    instants = st.sampled_from(
        ["2024-01-02T21:00:00Z", "2024-01-02T21:00:00", "9999-01-01T00:00:00Z"]
    )
    amounts = st.sampled_from(["1.50", "NaN", "-0", "1e400", "9" * 45, "\u0661"])
    return {
        "Date": days.map(nodes.String),
        "DateTime": instants.map(nodes.String),
        "Decimal": amounts.map(nodes.String),
        "JSON": st.integers(-9, 9).map(nodes.Int),
    }


def documents(number: int, seed: int) -> list[str]:
    """Return so many documents, spread over all fields at the root."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import schemathesis
        from hypothesis_graphql import from_schema  # noqa: F401 - what it is made by

        for name, strategy in custom_scalars().items():
            schemathesis.graphql.scalar(name, strategy)
        loaded = schemathesis.graphql.from_path(SDL)
        operations = [loaded[kind][name] for kind in ("Query", "Mutation") for name in loaded[kind]]
        each = -(-number // len(operations))
        made = [_drawn(operation.as_strategy(), each, seed) for operation in operations]
    return [text for texts in made for text in texts][:number]


def _drawn(strategy, number, seed):
    made = []

    @settings(
        max_examples=number,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def draw(case):
        made.append(case.body if isinstance(case.body, str) else str(case.body))

    draw()
    return made


def bodies(number: int, seed: int) -> Iterator[bytes]:
    """Yield so many bodies: good ones changed in one place or a few, and bytes of no kind."""
    chance = random.Random(seed)  # noqa: S311 - to be the same again
    for _ in range(number):
        body = bytearray(orjson.dumps(chance.choice(GOOD)))
        for _ in range(chance.choice((1, 1, 2, 3, 8))):
            _change(body, chance)
        yield bytes(body)


def _change(body: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(body) + 1)
    piece = bytes(chance.choices(ALPHABET, k=chance.choice((1, 1, 2, 5))))
    match chance.randrange(5):
        case 0:
            body[at:at] = piece
        case 1:
            del body[at : at + chance.randrange(1, 12)]
        case 2:
            body[at : at + len(piece)] = piece
        case 3:
            body[at:at] = body[at : at + 20] * chance.randrange(1, 40)
        case 4:
            body[at:at] = piece * chance.randrange(1, 2_000)
