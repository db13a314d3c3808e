"""Whatever comes, every row is kept or refused, once, and nothing breaks or warns."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from api.ports import Action, BarBatch, Listing
from api.services.calendars import calendar
from api.services.quality import judge
from api.services.quality_actions import judge_actions
from tests.quality.made import NOW, day_of

NEW_YORK = calendar("XNYS")
COLUMNS = ("open", "high", "low", "close", "adjusted_close", "volume")
MONDAY = day_of("2024-01-08")

number = st.one_of(
    st.sampled_from([100.0, 101.0, 10_000.0, 1_000.0, 50.0, np.nan, np.inf, -np.inf, 0.0, -0.0]),
    st.floats(allow_nan=True, allow_infinity=True),
)
day = st.one_of(
    st.integers(MONDAY, MONDAY + 30), st.sampled_from([-800_000, -20_000, 25_000, 2_932_896])
)


@st.composite
def batches(draw) -> tuple[BarBatch, tuple[str, ...]]:
    days = np.array(sorted(draw(st.lists(day, max_size=25))), np.int64)
    carried = draw(st.sets(st.sampled_from(COLUMNS))) | {"close"}
    cells = st.lists(number, min_size=len(days), max_size=len(days))
    values = {name: np.array(draw(cells)) for name in COLUMNS if name in carried}
    declared = draw(st.sets(st.sampled_from([*COLUMNS, "actions"]))) | {"close"}
    batch = BarBatch(
        symbol="ACME",
        file="acme",
        row_number=np.arange(len(days)),
        day=days,
        values=values,
        raw=[],
    )
    return batch, tuple(sorted(declared))


action = st.builds(
    Action,
    ex_day=day,
    kind=st.sampled_from(["SPLIT", "DIVIDEND"]),
    ratio=st.one_of(st.none(), number),
    cash=st.one_of(st.none(), number),
    currency=st.sampled_from([None, "USD", "JPY"]),
)


@given(batches(), st.lists(action, max_size=6))
def test_every_row_and_action_is_kept_or_refused(given_batch, actions):
    batch, fields = given_batch
    listing = Listing(
        symbol="ACME",
        name="Acme",
        asset_class="EQUITY",
        exchange="XNYS",
        currency="USD",
        source="made",
        fields=fields,
    )

    asked = judge_actions(actions, batch, listing, NEW_YORK, now=NOW)
    verdict = judge(batch, listing, NEW_YORK, now=NOW, actions=asked.kept)

    assert len(asked.kept) + len(asked.refused) == len(actions)
    assert set(np.flatnonzero(~verdict.kept)) == set(verdict.refused)
    assert set(np.flatnonzero(verdict.suspect)) == set(verdict.doubts)
    assert not verdict.doubts.keys() & verdict.refused.keys()
    assert NEW_YORK.holds(batch.day[verdict.kept]).all()
    for name in {"open", "high", "low", "close", "adjusted_close"} & {*batch.values} & {*fields}:
        kept = batch.values[name][verdict.kept]
        assert ((kept > 0) & np.isfinite(kept)).all()
