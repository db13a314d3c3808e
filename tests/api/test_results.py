import orjson
import pytest

from api.services.results import level_for, levels_of, read_columns, write_columns


def test_columns_come_back_as_the_bytes_of_their_arrays():
    blob = write_columns(
        {"dates": ["2024-01-02", "2024-01-03"], "net": [1.5, None]}, total_points=9
    )

    columns = read_columns(blob)

    assert (columns.points, columns.total_points) == (2, 9)
    assert columns.columns == {"dates": b'["2024-01-02","2024-01-03"]', "net": b"[1.5,null]"}


def test_nan_is_null_and_floats_round_trip():
    import numpy as np

    blob = write_columns({"net": np.array([0.1 + 0.2, np.nan])}, total_points=2)

    values = orjson.loads(read_columns(blob).columns["net"])
    assert values == [0.1 + 0.2, None]


def test_the_same_columns_give_the_same_bytes():
    columns = {"net": [1.0, 2.0]}

    assert write_columns(columns, total_points=2) == write_columns(columns, total_points=2)


def test_columns_of_unequal_length_are_refused():
    with pytest.raises(ValueError, match="differ in length"):
        write_columns({"a": [1], "b": [1, 2]}, total_points=2)


@pytest.mark.parametrize(
    ("max_points", "total", "level"),
    [
        (None, 8000, "full"),
        (8000, 8000, "full"),
        (7999, 8000, "2000"),
        (999, 8000, "500"),
        (50, 8000, "50"),
        (400, 300, "full"),
    ],
)
def test_the_finest_level_within_the_wish(max_points, total, level):
    assert level_for(max_points, total) == level


def test_fewer_than_the_coarsest_level_is_refused():
    with pytest.raises(ValueError, match="maxPoints was 49; ask for at least 50"):
        level_for(49, 8000)


def test_only_levels_below_the_whole_are_stored():
    assert levels_of(400) == (50, 100, 250)
