"""Send made data through the gates and tell all they said: where, and why."""

from collections.abc import Sequence

from api.adapters.csv_prices import read_prices
from api.errors import DataError, InvalidInput
from api.ports import Observations
from api.services.calendars import calendar
from api.services.quality import judge
from api.services.quality_actions import judge_actions
from api.services.quality_rates import judge_rates
from tests.quality.made import NOW, Feed, make_share

Found = set[tuple[str, str]]  # place, reason


def in_feed(feed: Feed) -> Found:
    """Judge actions, then bars; what is lost or counted twice fails here."""
    market = calendar(feed.code)
    asked = judge_actions(feed.actions, feed.batch, feed.listing, market, now=NOW, fx=feed.fx)
    assert len(asked.kept) + len(asked.refused) == len(feed.actions)
    try:
        verdict = judge(feed.batch, feed.listing, market, now=NOW, actions=asked.kept)
    except DataError as e:
        return {("all", str(e).split(":")[0])}
    assert int(verdict.kept.sum()) + len(verdict.refused) == len(feed.batch.day)
    assert not verdict.doubts.keys() & verdict.refused.keys()
    said = verdict.refused | verdict.doubts
    return {(f"row {row}", reason.value) for row, reason in said.items()} | {
        (f"action {place}", each.reason.value)
        for each in asked.refused
        for place, given in enumerate(feed.actions)
        if given is each.action
    }


def in_rates(series: Sequence[Observations]) -> Found:
    return {
        (f"{each.key} {row}", reason.value)
        for each, refused in zip(series, judge_rates(series, now=NOW), strict=True)
        for row, reason in refused.items()
    }


def in_file(content: bytes) -> Found:
    """Read a file and judge its bars; a line is named by its number."""
    try:
        read = read_prices(content, name="made.csv")
    except InvalidInput as e:
        return {("file", str(e.reason))}
    listing = make_share(0, calm=True).listing
    found = {(f"line {row.row_number}", row.reason) for row in read.refused}
    for batch in read.batches:
        verdict = judge(batch, listing, calendar("XNYS"), now=NOW)
        said = verdict.refused | verdict.doubts
        found |= {(f"line {batch.row_number[row]}", reason.value) for row, reason in said.items()}
    assert read.rows == sum(len(batch.day) for batch in read.batches) + len(read.refused)
    return found
