"""Every alarm has its entry in the runbook, and no entry is for an alarm that is not there."""

import re
from pathlib import Path

import pytest

from tests.infra.cloud import build

RUNBOOK = Path(__file__).parents[2] / "docs" / "operations" / "runbook.md"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"


@pytest.fixture(scope="module")
def entries():
    """The text of each entry by its anchor; the headings are their own anchors."""
    parts = re.split(r"^## ([a-z0-9-]+)$", RUNBOOK.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_alarms_and_entries_are_the_same(entries, stack):
    built = build(stack)
    linked = {
        alarm.inputs["alarmDescription"].rpartition(" Runbook: ")[2] for alarm in built.of(ALARM)
    }
    (page,) = {link.partition("#")[0] for link in linked}
    assert page.startswith("https://")
    anchors = {link.partition("#")[2] for link in linked}
    assert len(built.of("aws:budgets/budget:Budget")) == 1
    assert anchors | {"budget"} == entries.keys()


def test_each_entry_says_what_it_means_and_what_mends_it(entries):
    for anchor, text in entries.items():
        found = re.findall(r"^\*\*(\w[\w ]*)\.\*\*", text, flags=re.MULTILINE)
        assert found == ["Meaning", "First look", "Likely", "Mend"], anchor
