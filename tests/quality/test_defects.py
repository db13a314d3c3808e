"""Every planted fault is found with its reason and place, and clean data raises no alarm."""

import pytest

from api.services.reasons import Reason
from tests.quality.defects import DEFECTS
from tests.quality.found import in_feed, in_file, in_rates
from tests.quality.made import file_of, make_rates, make_share

SHARES = 240
BARS = 1_250


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_a_planted_fault_is_found_where_it_is_and_nothing_else(defect, seed):
    said, planted = defect.planted(seed)

    assert planted
    assert said == planted


def test_there_are_sixty_faults_and_each_reason_has_one():
    assert len({defect.name for defect in DEFECTS}) == len(DEFECTS) >= 60
    assert {defect.reason for defect in DEFECTS} == set(Reason)


def test_clean_shares_raise_no_alarm():
    bars = 0
    for seed in range(SHARES):
        share = make_share(seed, bars=BARS)
        bars += len(share.batch.day)
        assert in_feed(share) == set(), seed

    assert bars > 290_000


def test_clean_rates_and_files_raise_no_alarm():
    for seed in range(20):
        assert in_rates(make_rates(seed)) == set(), seed
        content = "\n".join(file_of(make_share(seed, calm=True))) + "\n"
        assert in_file(content.encode()) == set(), seed


def test_the_made_shares_hold_what_could_be_mistaken():
    """Splits, special dividends, halts and missing days: else silence would prove nothing."""
    shares = [make_share(seed, bars=BARS) for seed in range(SHARES)]

    actions = [action for share in shares for action in share.actions]
    assert sum(action.kind == "SPLIT" for action in actions) > 100
    assert sum(action.kind == "DIVIDEND" for action in actions) > 2_000
    assert sum(int((share.values["volume"] == 0).sum()) for share in shares) > 300
    assert sum(BARS - len(share.batch.day) for share in shares) > 500
