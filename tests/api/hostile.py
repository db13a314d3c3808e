"""Documents of at most ten thousand characters, made to cost their reader as much as can be."""

import random
from collections.abc import Iterator

from api.limits import LIMITS


def bomb(chance: random.Random) -> str:
    number, spreads = chance.randrange(2, 95), chance.randrange(2, 6)
    kinds = [f"fragment F{n} on Query {{ {f'...F{n + 1} ' * spreads} }}" for n in range(number)]
    last = f"fragment F{number} on Query {{ server {{ version }} }}"
    return "{ ...F0 } " + " ".join([*kinds, last])


def duplicates(chance: random.Random) -> str:
    name = chance.choice(["version", "nothing", "a: version", "environment @skip(if: false)"])
    return "{ server { " + f"{name} " * chance.randrange(100, 900) + "} }"


def conflicts(chance: random.Random) -> str:
    """Many fields of one name, which the rules compare two by two, behind fragments."""
    fields = " ".join(
        f"a: {chance.choice(['version', 'environment', 'engineVersion'])}"
        for _ in range(chance.randrange(2, 14))
    )
    spreads = " ".join(f"...F{n}" for n in range(chance.randrange(2, 40)))
    kinds = " ".join(f"fragment F{n} on ServerInfo {{ {fields} }}" for n in range(40))
    return f"{{ server {{ {spreads} }} }} {kinds}"


def nested_duplicates(chance: random.Random) -> str:
    inside = "version " * chance.randrange(2, 20)
    return "{ " + f"server {{ {inside} }} " * chance.randrange(2, 20) + "}"


def jobs(chance: random.Random) -> str:
    inside = "subject { id } " * chance.randrange(2, 20)
    subject = f"subject {{ ... on Job {{ {inside} }} }} "
    return "{ node(id: 1) { ... on Job { " + subject * chance.randrange(2, 25) + "} } }"


def deep(chance: random.Random) -> str:
    levels = chance.randrange(5, 480)
    opened = chance.choice(["{ job ", "{ ... on Query ", "{ ... "])
    return opened * levels + "{ id }" + " }" * levels


def values(chance: random.Random) -> str:
    levels = chance.randrange(5, 450)
    opened, closed = chance.choice([("[", "]"), ("{a: ", "}")])
    return f"{{ job(id: {opened * levels}1{closed * levels}) {{ id }} }}"


def variables(chance: random.Random) -> str:
    names = range(chance.randrange(20, 150))
    defined = " ".join(f"$v{n}: {chance.choice(['Int', 'String!', 'Nothing'])}" for n in names)
    used = " ".join(f"b{n}: jobs(first: $v{n}) {{ totalCount }}" for n in list(names)[:14])
    return f"query({defined}) {{ {used} }}"


def directives(chance: random.Random) -> str:
    name = chance.choice(["@skip(if: false)", "@nothing", "@include(if: true) @skip(if: $a)"])
    return "{ server { version " + f"{name} " * chance.randrange(10, 300) + "} }"


def circles(chance: random.Random) -> str:
    number = chance.randrange(1, 49)
    kinds = " ".join(
        f"fragment F{n} on Query {{ ...F{chance.randrange(number)} ...F{(n + 1) % number} }}"
        for n in range(number)
    )
    return f"{{ ...F0 }} {kinds}"


def introspection(chance: random.Random) -> str:
    levels = chance.randrange(1, 40)
    opened, closed = "fields { type { " * levels, " } }" * levels
    return f"{{ __schema {{ types {{ {opened} name {closed} }} }} }}"


def lists(chance: random.Random) -> str:
    levels = chance.randrange(1, 6)
    inside = "backtests(first: 100) { nodes { job { subject { ... on Backtest { "
    return "{ " + f"b: {inside}" + "id " * levels + "} } } } } }"


def bytes_of_all_kinds(chance: random.Random) -> str:
    pieces = [
        "{",
        "}",
        "(",
        ")",
        "...",
        "a",
        ":",
        '"',
        "@",
        "$",
        "#\n",
        ",",
        " ",
        "on",
        "fragment",
        '"""',
    ]
    return "".join(chance.choices(pieces, k=chance.randrange(10, 3_000)))


KINDS = (
    bomb, duplicates, nested_duplicates, jobs, conflicts, deep, values, variables, directives,
    circles, introspection, lists, bytes_of_all_kinds,
)  # fmt: skip


def hostile(number: int, seed: int) -> Iterator[tuple[str, str]]:
    """Yield so many documents with the name of what they try."""
    chance = random.Random(seed)  # noqa: S311 - to be the same again
    for _ in range(number):
        kind = chance.choice(KINDS)
        yield kind.__name__, kind(chance)[: LIMITS.document_characters]
