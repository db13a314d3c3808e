"""The statements docs/operations hands to psql run on the schema as it is."""

import re
from pathlib import Path

import pytest
from sqlalchemy import text

PAGES = Path(__file__).parents[2] / "docs" / "operations"


def statements():
    for page in sorted(PAGES.glob("*.md")):
        content = page.read_text()
        for statement in re.findall(r"""--command ["'](SELECT .*?)["']\n""", content):
            yield statement
        for statement in re.findall(r"`(SELECT .*?)`", content, flags=re.DOTALL):
            yield statement


@pytest.mark.parametrize("statement", list(statements()))
async def test_it_can_be_planned(session, statement):
    plan = await session.execute(text(f"EXPLAIN {statement}"))
    assert plan.all()


def test_there_are_some():
    assert len(list(statements())) == 5
