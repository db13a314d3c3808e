from api.services.reason_words import UNKNOWN, WORDS, explain
from api.services.reasons import Reason


def test_every_reason_is_a_sentence_of_its_own():
    assert set(WORDS) == set(Reason)
    assert len(set(WORDS.values())) == len(WORDS)
    assert {sentence for sentence in WORDS.values() if not sentence.endswith(".")} == set()


def test_a_code_of_another_version_is_no_fault():
    assert explain("SPIKE") == WORDS[Reason.SPIKE]
    assert explain("NO_LONGER_KNOWN") == UNKNOWN


def test_what_differs_says_of_its_own_row_alone_that_it_was_not_used():
    # A figure that came first, or is stored, stays in use; of two bars of a day neither is.
    told = explain("DUPLICATE_CONFLICT")

    assert "this row was not used" in told
    assert "neither" not in told
