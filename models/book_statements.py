"""The statements of the books: what was believed, held, paid and earned, put together in SQL.

A lot's units are its shares before all known splits, so that units times the factor of a day are
the shares of that day.
"""

from models.corporate_actions import VERSIONS as ACTION_VERSIONS
from models.price_bars import KNOWN, USABLE
from models.price_bars import VERSIONS as BAR_VERSIONS

# A price from longer before the first purchase says nothing of what was bought.
STALE_DAYS = 7
# Trades that were left before it are not looked at.
SINCE = "coalesce(CAST(:since AS date), '-infinity')"

BELIEVED = f"""
    listed AS (
        SELECT id, symbol, currency, 'actions' = ANY (fields) AS acts FROM instrument
    ), told AS (
        SELECT t.*, coalesce(own.id, named.id) AS listing,
            coalesce(own.symbol, t.symbol) AS name,
            coalesce(own.currency, named.currency, t.currency) AS quoted,
            CASE t.side WHEN 'BUY' THEN 1 ELSE -1 END AS sign
        FROM trade t
        LEFT JOIN listed own ON own.id = t.instrument_id
        LEFT JOIN listed named ON t.instrument_id IS NULL AND named.symbol = t.symbol
        WHERE t.owner_id = :owner_id AND t.status <> 'CANCELLED'
            AND t.entry_on <= CAST(:valid_at AS date)
            AND (t.exit_on IS NULL OR t.exit_on >= {SINCE})
            AND t.known_from <= coalesce(CAST(:known_at AS timestamptz), 'infinity')
            AND (t.known_to IS NULL OR t.known_to > CAST(:known_at AS timestamptz))
    ), believed AS MATERIALIZED (
        SELECT listing, name, quoted, side, sign, quantity, entry_price, fx_at_entry, commission,
            exit_price * split_ratio AS exit_price, fx_at_exit, exit_commission, strategy,
            entry_at, entry_on AS entry_day,
            CASE WHEN exit_on <= CAST(:valid_at AS date) THEN exit_on END AS exit_day
        FROM told
    ), acted AS MATERIALIZED (
        SELECT a.instrument_id AS listing, a.ex_date, a.kind, a.ratio::numeric AS ratio,
            a.cash::numeric AS cash, coalesce(a.currency, l.currency) AS currency,
            row_number() OVER (PARTITION BY a.instrument_id, a.kind ORDER BY a.ex_date) AS number
        FROM {ACTION_VERSIONS} a JOIN listed l ON l.id = a.instrument_id AND l.acts
        WHERE a.instrument_id IN (SELECT listing FROM believed)
            AND a.kind <> 'DELISTING' AND a.ex_date <= CAST(:valid_at AS date) AND {KNOWN}
    ), split AS (
        SELECT listing, ex_date, number, ratio AS factor FROM acted
        WHERE kind = 'SPLIT' AND number = 1
        UNION ALL
        SELECT a.listing, a.ex_date, a.number, s.factor * a.ratio
        FROM split s JOIN acted a
            ON a.listing = s.listing AND a.kind = 'SPLIT' AND a.number = s.number + 1
    ), step AS MATERIALIZED (
        SELECT listing, ex_date AS from_day, factor,
            lead(ex_date, 1, 'infinity'::date)
                OVER (PARTITION BY listing ORDER BY ex_date) AS to_day
        FROM split
    ), lot AS MATERIALIZED (
        SELECT b.*, coalesce(s.factor, 1) AS factor
        FROM believed b LEFT JOIN step s
            ON s.listing = b.listing AND s.from_day <= b.entry_day AND b.entry_day < s.to_day
    )
"""  # noqa: S608 - our own text

# What was held of each instrument from one event to the next.
HELD = """
    move AS (
        SELECT listing, day, sum(units) AS units, max(dividend) AS dividend,
            max(paid_in) AS paid_in
        FROM (
            SELECT listing, entry_day AS day, sign * quantity / factor AS units,
                NULL::numeric AS dividend, NULL AS paid_in
            FROM lot
            UNION ALL
            SELECT listing, exit_day, -(sign * quantity / factor), NULL, NULL FROM lot
            WHERE exit_day IS NOT NULL
            UNION ALL
            SELECT listing, ex_date, 0, cash, CASE WHEN cash IS NOT NULL THEN currency END
            FROM acted
        ) event
        WHERE listing IS NOT NULL GROUP BY listing, day
    ), run AS (
        SELECT listing, day AS from_day,
            lead(day, 1, CAST(:valid_at AS date) + 1) OVER ordered AS to_day,
            sum(units) OVER ordered AS units, sum(units) OVER ordered - units AS before,
            dividend, paid_in
        FROM move WINDOW ordered AS (PARTITION BY listing ORDER BY day)
    ), held AS MATERIALIZED (
        SELECT r.*, coalesce(s.factor, 1) AS factor,
            max(CASE WHEN before = 0 THEN r.from_day END)
                OVER (PARTITION BY r.listing ORDER BY r.from_day) AS opened
        FROM run r LEFT JOIN step s
            ON s.listing = r.listing AND s.from_day <= r.from_day AND r.from_day < s.to_day
    )
"""


def _rate(day: str) -> str:
    """Return US dollars for one Australian dollar on a day, by its last fixing."""
    return f"""(
        SELECT rate::numeric FROM fx_rate
        WHERE pair = 'AUDUSD' AND date <= {day}
            AND known_at <= coalesce(CAST(:known_at AS timestamptz), 'infinity')
        ORDER BY date DESC LIMIT 1
    )"""  # noqa: S608


def _home(currency: str, day: str) -> str:
    """Return Australian dollars for one unit of a currency on a day."""
    return f"CASE {currency} WHEN 'AUD' THEN 1 WHEN 'USD' THEN 1 / {_rate(day)} END"


def _base(day: str) -> str:
    """Return units of the currency asked for, for one Australian dollar on a day."""
    return f"CASE CAST(:currency AS text) WHEN 'AUD' THEN 1 ELSE {_rate(day)} END"


# What was held at the close before goes ex, as shares of the ex day.
DIVIDEND = f"""
    dividend AS MATERIALIZED (
        SELECT listing, from_day AS day, paid_in AS currency,
            round(before * factor * dividend, 12) * {_home("paid_in", "from_day")} AS amount
        FROM held WHERE before <> 0 AND dividend IS NOT NULL
    )
"""  # noqa: S608

# Every movement of the account in Australian dollars: `flow` is what came from outside.
CASH = """
    cash AS (
        SELECT entry_day AS day, 0 AS flow, 0 AS dividend,
            -(sign * quantity * entry_price + commission) * fx_at_entry AS amount
        FROM lot
        UNION ALL
        SELECT exit_day, 0, 0, (sign * quantity * exit_price - exit_commission) * fx_at_exit
        FROM lot WHERE exit_day IS NOT NULL
        UNION ALL
        SELECT day, 0, coalesce(amount, 0), coalesce(amount, 0) FROM dividend
        UNION ALL
        SELECT date, amount * fx, 0, amount * fx FROM cash_flow
        WHERE owner_id = :owner_id AND date <= CAST(:valid_at AS date)
            AND recorded_at <= coalesce(CAST(:known_at AS timestamptz), 'infinity')
    )
"""

MARK = f"""
    SELECT date, coalesce(close, adjusted_close) AS price FROM {BAR_VERSIONS} bar
    WHERE instrument_id = {{listing}} AND date <= {{day}} AND date >= {{since}} AND {USABLE}
    ORDER BY date DESC LIMIT 1
"""  # noqa: S608

# Lots of one side of an instrument that are open at the end of the day, with their mark. Sums that
# carry `fx` are in the currency asked for, at the rates of the entries.
STANDING = f"""
    WITH RECURSIVE {BELIEVED}, standing AS (
        SELECT lot.listing, name, quoted, side, min(entry_at) AS opened_at,
            min(entry_day) AS opened,
            sum(sign * quantity * (coalesce(now.factor, 1) / lot.factor)) AS shares,
            sum(sign * quantity * (coalesce(now.factor, 1) / lot.factor)
                * fx_at_entry * {_base("entry_day")}) AS shares_at_fx,
            sum(sign * quantity * entry_price) AS cost,
            sum(sign * quantity * entry_price * fx_at_entry * {_base("entry_day")}) AS cost_at_fx,
            sum(commission * fx_at_entry * {_base("entry_day")}) AS commission_at_fx
        FROM lot LEFT JOIN step now ON now.listing = lot.listing AND now.to_day = 'infinity'
        WHERE exit_day IS NULL
        GROUP BY lot.listing, name, quoted, side
    )
    SELECT standing.*, mark.price::numeric * coalesce(was.factor, 1) / coalesce(now.factor, 1)
            AS price,
        mark.date AS price_on, {_home("quoted", "CAST(:valid_at AS date)")} AS fx,
        {_base("CAST(:valid_at AS date)")} AS unit
    FROM standing
    LEFT JOIN LATERAL ({
    MARK.format(
        listing="standing.listing",
        day="CAST(:valid_at AS date)",
        since=f"standing.opened - {STALE_DAYS}",
    )
}) mark ON true
    LEFT JOIN step now ON now.listing = standing.listing AND now.to_day = 'infinity'
    LEFT JOIN step was ON was.listing = standing.listing
        AND was.from_day <= mark.date AND mark.date < was.to_day
    ORDER BY name, side
"""  # noqa: S608
INCOME = f"""
    WITH RECURSIVE {BELIEVED}, {HELD}, {DIVIDEND}
    SELECT listing, sum(amount * {_base("day")}) AS amount FROM dividend GROUP BY listing
"""  # noqa: S608
ACCOUNT = f"""
    WITH RECURSIVE {BELIEVED}, {HELD}, {DIVIDEND}, {CASH}
    SELECT coalesce(sum(amount), 0) AS cash,
        (SELECT array_agg(DISTINCT currency) FROM dividend WHERE amount IS NULL) AS unrated
    FROM cash
"""  # noqa: S608

# Shares between two events are worth what each bar says, and on days without one what the last
# said; of each instrument only the change of a day is summed, so that nothing need be filled in.
DAYS = f"""
    WITH RECURSIVE {BELIEVED}, {HELD}, {DIVIDEND}, {CASH}, later AS (
        SELECT *, greatest(from_day, {SINCE} - 1) AS day FROM held
        WHERE to_day >= {SINCE}
    ), shown AS (
        SELECT h.listing, h.day, (h.units <> 0 AND mark.price IS NULL)::int AS unpriced,
            CASE WHEN h.units = 0 THEN 0 ELSE coalesce((
                h.units * coalesce(was.factor, 1)
            )::float8 * mark.price, 0) END AS value
        FROM later h
        LEFT JOIN LATERAL ({
    MARK.format(
        listing="h.listing",
        day="h.day",
        since=f"h.opened - {STALE_DAYS} AND h.units <> 0",
    )
}) mark ON true
        LEFT JOIN step was ON was.listing = h.listing
            AND was.from_day <= mark.date AND mark.date < was.to_day
        UNION ALL
        SELECT h.listing, bar.date, 0,
            (h.units * h.factor)::float8 * coalesce(bar.close, bar.adjusted_close)
        FROM later h JOIN {BAR_VERSIONS} bar
            ON bar.instrument_id = h.listing AND bar.date > h.day AND bar.date < h.to_day
        WHERE h.units <> 0 AND {USABLE}
    ), changed AS (
        SELECT listing, day, value - lag(value, 1, 0.0) OVER ordered AS value,
            unpriced - lag(unpriced, 1, 0) OVER ordered AS unpriced
        FROM shown WINDOW ordered AS (PARTITION BY listing ORDER BY day)
    ), summed AS (
        SELECT day, 0::numeric AS cash, 0::numeric AS flow, 0::numeric AS dividend,
            CASE WHEN currency = 'AUD' THEN value ELSE 0 END AS aud,
            CASE WHEN currency = 'USD' THEN value ELSE 0 END AS usd, unpriced
        FROM changed JOIN listed ON listed.id = changed.listing
        UNION ALL
        SELECT day, amount, flow, dividend, 0, 0, 0 FROM cash WHERE day >= {SINCE}
        UNION ALL
        SELECT greatest(entry_day, {SINCE} - 1), 0, 0, 0, 0, 0, 1
        FROM lot WHERE listing IS NULL
        UNION ALL
        SELECT exit_day, 0, 0, 0, 0, 0, -1 FROM lot WHERE listing IS NULL AND exit_day IS NOT NULL
        UNION ALL
        SELECT CAST(:valid_at AS date), 0, 0, 0, 0, 0, 0
    )
    SELECT day, sum(cash) AS cash, sum(flow) AS flow, sum(dividend) AS dividend,
        sum(aud) AS aud, sum(usd) AS usd, sum(unpriced) AS unpriced, {_rate("day")}::float8 AS rate
    FROM summed GROUP BY day ORDER BY day
"""  # noqa: S608

_ENTRY = f"fx_at_entry * {_base('entry_day')}"
_EXIT = f"fx_at_exit * {_base('exit_day')}"
# The parts of each closed trade add up to its profit: the move of its price at the entry's rate,
# the move of the rate on what was paid, both at once, and what it cost.
GAINS = f"""
    WITH RECURSIVE {BELIEVED}, closed AS MATERIALIZED (
        SELECT name, strategy, exit_day - entry_day AS days, sign * quantity AS size,
            entry_price, exit_price, commission, exit_commission, {_ENTRY} AS f0, {_EXIT} AS f1
        FROM lot WHERE exit_day IS NOT NULL
    ), parts AS (
        SELECT name, strategy, days, size * (exit_price - entry_price) * f0 AS asset,
            size * entry_price * (f1 - f0) AS currency,
            size * (exit_price - entry_price) * (f1 - f0) AS interaction,
            commission * f0 + exit_commission * f1 AS costs
        FROM closed
    )
    SELECT CASE WHEN grouping(name) = 0 THEN name ELSE strategy END AS key,
        grouping(name) = 0 AS is_ticker, count(*) AS trades,
        count(*) FILTER (WHERE asset + currency + interaction - costs > 0) AS wins,
        sum(days) AS days, sum(asset) AS asset, sum(currency) AS currency,
        sum(interaction) AS interaction, sum(costs) AS costs
    FROM parts GROUP BY GROUPING SETS (name, strategy) ORDER BY 1
"""  # noqa: S608
LAST_UPDATED = """
    SELECT greatest(
        (SELECT max(known_from) FROM trade WHERE owner_id = :owner_id
            AND known_from <= coalesce(CAST(:known_at AS timestamptz), 'infinity')),
        (SELECT max(recorded_at) FROM cash_flow WHERE owner_id = :owner_id
            AND recorded_at <= coalesce(CAST(:known_at AS timestamptz), 'infinity')),
        (SELECT max(finished_at) FROM job
            WHERE owner_id = :owner_id AND status = 'succeeded'
            AND finished_at <= coalesce(CAST(:known_at AS timestamptz), 'infinity'))
    )
"""
RECORDED_SINCE = """
    SELECT least(
        (SELECT min(known_from) FROM trade WHERE owner_id = :owner_id),
        (SELECT min(recorded_at) FROM cash_flow WHERE owner_id = :owner_id)
    )
"""
# Compiling such a statement takes longer than running it, and a plan made for any day is a poor
# plan for this one.
PLANNING = "SELECT set_config('jit', 'off', true), set_config('plan_cache_mode', :mode, true)"
