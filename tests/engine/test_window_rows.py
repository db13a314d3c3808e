from dataclasses import fields

import numpy as np
import pytest

from engine.panel import NEVER, Window
from engine.window_rows import BY_ROW, rows_of
from tests.engine.panels import make_closes, make_panel

SESSIONS, ASSETS = 7, 4


@pytest.mark.parametrize("chosen", [slice(-2, None), np.arange(SESSIONS) % 2 == 0])
def test_everything_with_a_row_for_each_session_is_cut_and_nothing_else(chosen):
    panel = make_panel(make_closes(sessions=SESSIONS, assets=ASSETS))
    window = panel.window(SESSIONS - 1, SESSIONS, NEVER - 1)

    cut = rows_of(window, chosen)

    for name in (entry.name for entry in fields(Window)):
        before, after = getattr(window, name), getattr(cut, name)
        by_row = isinstance(before, np.ndarray) and len(before) == SESSIONS
        assert by_row == (name in BY_ROW), name
        np.testing.assert_array_equal(after, before[chosen] if by_row else before)
