"""The contract in files: schema beside the client, its guide in docs, catalogue beside the API."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from api.graphql.guide import guide
from api.graphql.schema import schema
from api.services.exported import CATALOGUE
from api.services.sessions import SESSIONS

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "client" / "schema.graphql"
# What clients of the last release rely on: a release copies the schema there.
RELEASED = ROOT / "client" / "released.graphql"
GUIDE = ROOT / "docs" / "api.md"
README = ROOT / "README.md"
LOCK = ROOT / "requirements-worker.lock"
# Packages whose version may move a number of a run; calendars have an edition of their own.
RECKON = frozenset(
    [
        "clarabel",
        "cvxpy-base",
        "joblib",
        "llvmlite",
        "numba",
        "numpy",
        "optuna",
        "pandas",
        "qdldl",
        "scikit-learn",
        "scipy",
        "skfolio",
        "statsmodels",
        "vectorbt",
        "vectorbt-rust",
    ]
)
# The lines between these two are printed.
BEGIN, END = "<!-- strategies -->", "<!-- end of strategies -->"


def sdl() -> str:
    """Return the schema as text."""
    return schema.as_str() + "\n"


def catalogue() -> bytes:
    """Return strategies and scanners as JSON; the only place of the API that asks the engine.

    The edition of the calendars and that of the libraries that reckon stand beside the engine's:
    each can move a number.
    """
    from api.services.calendars import calendars_version
    from engine.scanners import catalogue as scanners
    from engine.strategies import catalogue as of_engine

    whole = {
        "calendars": calendars_version(),
        "libraries": libraries(LOCK.read_text()),
        **of_engine(),
        "scanners": scanners(),
    }
    return orjson.dumps(whole, option=orjson.OPT_INDENT_2) + b"\n"


def libraries(lock: str) -> str:
    """Return the edition of what a worker reckons with: a hash of the versions its lock names."""
    pins = (line.partition(" ")[0] for line in lock.splitlines() if "==" in line)
    kept = sorted(pin for pin in pins if pin.partition("==")[0] in RECKON)
    return hashlib.sha256("\n".join(kept).encode()).hexdigest()[:16]


def strategy_table(entries: Iterable[Mapping[str, Any]]) -> str:
    """Return the strategies as the README lists them: key, what it does, who published the idea."""
    rows = [
        f"| `{entry['key']}` | {entry['summary']} | {'; '.join(map(_cited, entry['references']))} |"
        for entry in entries
    ]
    return "\n".join(["| key | what it does | idea |", "| --- | --- | --- |", *rows])


def _cited(reference: str) -> str:
    """Return authors and year of a reference that begins with them."""
    end = reference.find(")")
    return reference[: end + 1] if end >= 0 else reference


def readme(text: str) -> str:
    """Return the README with the strategies of the registry."""
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    table = strategy_table(orjson.loads(catalogue())["strategies"])
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def export() -> list[Path]:
    """Write all five files; return where."""
    from api.services.calendars import session_tables

    SCHEMA.write_text(sdl(), encoding="utf-8")
    GUIDE.write_text(guide(schema._schema), encoding="utf-8")
    CATALOGUE.write_bytes(catalogue())
    SESSIONS.write_bytes(session_tables())
    README.write_text(readme(README.read_text(encoding="utf-8")), encoding="utf-8")
    return [SCHEMA, GUIDE, CATALOGUE, SESSIONS, README]
