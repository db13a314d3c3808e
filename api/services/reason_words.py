"""Why a row was refused, in words for people; the codes are for machines."""

from collections.abc import Mapping

from api.services.reasons import Reason

WORDS: Mapping[Reason, str] = {
    Reason.SCHEMA: "The file lacks a column that is needed.",
    Reason.DIALECT: "The file is no comma-separated table with points as decimal signs.",
    Reason.TRUNCATED: "The file ends in the middle of a row.",
    Reason.CHECKSUM: "The file is not the one its checksum was made of.",
    Reason.EMPTY_FILE: "The file holds no row.",
    Reason.UNSORTED: "The file runs backwards in time.",
    Reason.NAIVE_TIME: "A time of day has no offset, so its instant would be a guess.",
    Reason.TIME_UNIT: "The times are in another unit than the file says.",
    Reason.BAD_SYMBOL: "The symbol holds characters no symbol has.",
    Reason.NONEXISTENT_TIME: "The clocks went forward over this time: it never was.",
    Reason.AMBIGUOUS_TIME: "The clocks went back: this time was twice, and nothing says which.",
    Reason.NOT_A_NUMBER: "A price or volume is no number.",
    Reason.DUPLICATE_CONFLICT: "Another value is given or stored for the same day; this row was"
    " not used.",
    Reason.DUPLICATE_SAME: "The session comes twice, with the same values; the first is kept.",
    Reason.FUTURE_BAR: "The session had not closed when the row came.",
    Reason.NOT_A_TRADING_DAY: "The market was closed on this day.",
    Reason.AFTER_CLOSE: "The row is stamped later than the session's close.",
    Reason.BEFORE_LISTING: "The share was not listed yet.",
    Reason.AFTER_DELISTING: "The share was no longer listed.",
    Reason.NULL_FIELD: "A value is missing that this source always gives.",
    Reason.BAD_PRICE: "A price is zero, negative or not finite.",
    Reason.BAD_VOLUME: "The volume is negative, not whole or too large to be true.",
    Reason.OHLC_ORDER: "The high is not the highest price, or the low not the lowest.",
    Reason.UNIT_FLIP: "The price is a hundred times its neighbours: cents for dollars, or pence.",
    Reason.DECIMAL_SHIFT: "The decimal point has slipped: the next session takes the move back.",
    Reason.SPIKE: "The price jumps by more than half and the next session takes it back.",
    Reason.STALE: "The close has not moved for days although shares changed hands.",
    Reason.NO_TRADING: "The price moved although nothing was traded.",
    Reason.SPLIT_MISMATCH: "The prices do not show the split that was reported.",
    Reason.BAD_RATIO: "The ratio of the split is no positive number.",
    Reason.BAD_DIVIDEND: "The dividend is negative, above the price, or on a day without trading.",
    Reason.NO_FX: "There is no exchange rate to bring the amount into the share's currency.",
    Reason.FX_TRIANGLE: "The rate does not agree with the other two of its triangle.",
}
UNKNOWN = "It broke a rule that this version does not know."


def explain(code: str) -> str:
    """Say what a stored reason means; codes of older versions are kept and may be unknown."""
    return WORDS[Reason(code)] if code in Reason.__members__ else UNKNOWN
