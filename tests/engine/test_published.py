"""Named panels: what stands on a session, what a decision sees, what is refused."""

import numpy as np
import pytest

from engine.errors import PanelError
from engine.panel import NEVER
from engine.published import Published
from tests.engine.panels import DAY, US_CLOSE, make_panel, make_sessions

NAN = np.nan


def make_published(day, value, **changes):
    day, value = np.asarray(day), np.asarray(value, np.float64)
    values = {
        "columns": ("close",),
        "day": day,
        "value": value[:, None] if value.ndim == 1 else value,
        "known_at": day * DAY + US_CLOSE,
    }
    return Published(**{**values, **changes})


def test_the_last_figure_stands_on_each_session_for_as_long_as_it_reaches():
    published = make_published([100, 103], [17.0, 18.0])

    on = published.on(np.array([99, 100, 102, 103, 110, 111]))

    np.testing.assert_array_equal(on[:, 0], [NAN, 17.0, 17.0, 18.0, 18.0, NAN])


def test_a_monthly_figure_stands_longer():
    published = make_published([100], [0.02], reach=62)

    np.testing.assert_array_equal(published.on(np.array([162, 163]))[:, 0], [0.02, NAN])


def test_nothing_published_is_unknown_on_every_session():
    empty = make_published([], np.empty((0, 2)), columns=("a", "b"))

    assert np.isnan(empty.on(np.array([1, 2]))).all()
    assert empty.on(np.array([1, 2])).shape == (2, 2)


def test_a_column_is_found_by_its_name():
    published = make_published([1, 2], [[1.0, 2.0], [3.0, 4.0]], columns=("SMB", "HML"))

    assert published.column("HML").tolist() == [2.0, 4.0]
    with pytest.raises(KeyError, match="UMD is none of SMB, HML"):
        published.column("UMD")


def test_a_window_sees_what_was_published_and_known_by_its_decision():
    session = make_sessions(3)
    known_at = session * DAY + US_CLOSE
    known_at[1] = known_at[2]  # the second figure came a session late
    vix = make_published(session, [15.0, 25.0, 35.0], known_at=known_at)
    panel = make_panel(np.full((3, 1), 10.0), extra={"VIX": vix})

    seen = [
        panel.window(row, 1, int(panel.closes_at[row, 0])).extra["VIX"].value[:, 0].tolist()
        for row in range(3)
    ]
    early = panel.window(2, 1, int(panel.closes_at[2, 0]) - 1).extra["VIX"]
    long_after = panel.window(1, 1, NEVER - 1).extra["VIX"]

    assert seen == [[15.0], [15.0], [15.0, 25.0, 35.0]]
    assert early.value[:, 0].tolist() == [15.0]
    assert long_after.value[:, 0].tolist() == [15.0, 25.0]
    assert not early.value.flags.writeable


def test_a_panel_cut_short_keeps_the_figures_up_to_its_last_session():
    session = make_sessions(3)
    panel = make_panel(np.full((3, 1), 10.0), extra={"VIX": make_published(session, [1, 2, 3])})

    assert panel.truncate(1).extra["VIX"].value[:, 0].tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"value": [[1.0], [NAN]]}, "close on 1970-01-03 was nan; leave such a day out"),
        ({"value": [[np.inf], [1.0]]}, "close on 1970-01-02 was inf; leave such a day out"),
        ({"day": [2, 2]}, "day was not ascending: 1970-01-03 came too late"),
        ({"value": [[1.0, 2.0]] * 2}, r"of shape \(2, 2\); 2 days, 1 columns"),
        ({"known_at": [1]}, "2 days, 1 columns"),
        ({"columns": ("a", "a"), "value": [[1.0, 2.0]] * 2}, "columns were a, a"),
        ({"columns": (), "value": np.empty((2, 0))}, "columns were "),
    ],
)
def test_rows_that_cannot_have_been_published_are_refused(changes, told):
    values = {"columns": ("close",), "day": [1, 2], "value": [[1.0], [2.0]], "known_at": [1, 2]}

    with pytest.raises(PanelError, match=told):
        Published(**values | changes)
