from datetime import UTC, date, datetime

from models import Scope
from models.fingerprints import FingerprintRepository
from models.published_series import MacroRow, MacroSeriesRepository
from models.session import unit_of_work

NOW = datetime(2023, 3, 2, tzinfo=UTC)


async def test_a_strategy_tells_what_it_reads_beside_prices_and_what_is_stored(
    ask, sessions, counting
):
    day = date(2023, 3, 1)
    async with unit_of_work(sessions) as session:
        await MacroSeriesRepository(session).write([MacroRow("VIX", day, 20.0, "test", NOW)])
        await FingerprintRepository(session).refresh(Scope.MACRO, ["VIX"])

    with counting() as seen:
        body = await ask(
            "{ strategies { key panels { name optional when firstDay lastDay } } }",
        )

    panels = {each["key"]: each["panels"] for each in body["data"]["strategies"]}
    there = {"firstDay": "2023-03-01", "lastDay": "2023-03-01"}
    absent = {"firstDay": None, "lastDay": None}
    assert panels["momentum"] == []
    assert panels["vrp"] == [
        {"name": "VIX", "optional": False, "when": {}, **there},
        {"name": "VIX3M", "optional": False, "when": {}, **absent},
    ]
    assert {"name": "NEWS_FLAG", "optional": True, "when": {}, **absent} in panels["reversal"]
    ff5 = next(each for each in panels["residual_momentum"] if each["name"] == "FF5")
    assert ff5["when"]["factors"] == "ff5"
    assert len(seen) == 1, seen
