"""Fewer points for a chart: rows that are kept are real rows, the first and last among them."""

from collections.abc import Sequence

LEAST_POINTS = 3


def thinned(values: Sequence[float | None], wanted: int) -> list[int]:
    """Return the rows of at most `wanted` points by largest triangle three buckets.

    Rows without a value are left out before, unless nothing has to go.

    References
    ----------
    Steinarsson, S. (2013). Downsampling Time Series for Visual Representation. Univ. of Iceland.
    """
    if len(values) <= wanted:
        return list(range(len(values)))
    rows = [row for row, value in enumerate(values) if value is not None]
    if len(rows) <= wanted:
        return rows
    heights = [value for value in values if value is not None]
    return [rows[place] for place in _largest_triangles(heights, wanted)]


def _largest_triangles(heights: Sequence[float], wanted: int) -> list[int]:
    last = len(heights) - 1
    step = (last - 1) / (wanted - 2)
    edges = [1 + int(step * bucket) for bucket in range(wanted - 1)]
    kept = [0]
    for bucket in range(wanted - 2):
        first, end = edges[bucket], edges[bucket + 1]
        following = edges[bucket + 2] if bucket + 2 < len(edges) else last + 1
        kept.append(
            _farthest(heights, kept[-1], range(first, end), range(end, max(following, end + 1)))
        )
    return [*kept, last]


def _farthest(heights: Sequence[float], left: int, bucket: range, following: range) -> int:
    """Return the point of the bucket that spans the largest triangle with its neighbours."""
    right = (following[0] + following[-1]) / 2
    height = sum(heights[place] for place in following) / len(following)
    width, base = right - left, heights[left]
    slope = height - base
    return max(
        bucket, key=lambda place: abs(width * (heights[place] - base) - (place - left) * slope)
    )
