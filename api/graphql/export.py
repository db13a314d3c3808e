"""The contract in files: schema beside the client, its guide in docs, catalogue beside the API."""

from pathlib import Path

import orjson

from api.graphql.guide import guide
from api.graphql.schema import schema
from api.services.sessions import SESSIONS
from api.services.strategies import CATALOGUE

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "client" / "schema.graphql"
# What clients of the last release rely on: a release copies the schema there.
RELEASED = ROOT / "client" / "released.graphql"
GUIDE = ROOT / "docs" / "api.md"


def sdl() -> str:
    """Return the schema as text."""
    return schema.as_str() + "\n"


def catalogue() -> bytes:
    """Return strategies and scanners as JSON; the only place of the API that asks the engine.

    The edition of the calendars stands beside the engine's: both can move a number.
    """
    from api.services.calendars import calendars_version
    from engine.scanners import catalogue as scanners
    from engine.strategies import catalogue as of_engine

    whole = {"calendars": calendars_version(), **of_engine(), "scanners": scanners()}
    return orjson.dumps(whole, option=orjson.OPT_INDENT_2) + b"\n"


def export() -> list[Path]:
    """Write all four files; return where."""
    from api.services.calendars import session_tables

    SCHEMA.write_text(sdl(), encoding="utf-8")
    GUIDE.write_text(guide(schema._schema), encoding="utf-8")
    CATALOGUE.write_bytes(catalogue())
    SESSIONS.write_bytes(session_tables())
    return [SCHEMA, GUIDE, CATALOGUE, SESSIONS]
