import { words } from "../ui/format";

/** What each of the API's flags means to somebody who reads the result. */
const FLAGS: Record<string, { title: string; detail: string }> = {
  vendor_adjusted: {
    title: "Adjusted closes only",
    detail:
      "The source carries closes already adjusted for splits and dividends, no raw prices. Returns are right; share counts and flat fees are on adjusted prices.",
  },
  volume_unknown: {
    title: "Volume unknown",
    detail: "The source carries no volume, so limits on the share of volume and market impact were not applied.",
  },
  no_corporate_actions: {
    title: "Dividends incomplete",
    detail:
      "Some prices are not adjusted for splits and dividends, and none were supplied: returns on them leave dividends out.",
  },
  rf_missing: {
    title: "Risk-free rate incomplete",
    detail: "For part of the run no risk-free rate is known; there the chosen cash rate stands in.",
  },
  nondeterministic: {
    title: "Not repeatable",
    detail: "Computed a second time on the same content, a figure came out otherwise: do not rely on this run.",
  },
  not_tradable: {
    title: "Not tradable",
    detail: "Orders fill at the very close that decided them. It replicates papers; nobody could trade it.",
  },
  survivorship_not_controlled: {
    title: "Survivors only",
    detail:
      "The universe holds companies that lasted; those that failed on the way are absent. That flatters every result on it.",
  },
  warming_up: {
    title: "Began in cash",
    detail: "The run starts before the strategy had the history it needs; until its first decision all is cash.",
  },
  benchmark_without_dividends: {
    title: "Benchmark without dividends",
    detail:
      "The benchmark is a price index and leaves dividends out; where the strategy earns them, its lead is flattered.",
  },
  benchmark_incomplete: {
    title: "Benchmark incomplete",
    detail: "On some sessions of the run the benchmark has no price; every figure beside it leaves those out.",
  },
  members_without_bars: {
    title: "Members without prices",
    detail:
      "Some members of the universe have no stored price and could not be chosen; ingest the universe to add them.",
  },
  raw_means: {
    title: "Raw means",
    detail:
      "Expected returns are the sample's own means, which say little of the future and lead an optimiser astray. Take drawn-together means or scores instead.",
  },
  modelled_prices: {
    title: "Modelled option prices",
    detail:
      "Options are priced by a model on a volatility index, not by a market. The run is shown at three slopes of the assumed smile.",
  },
  overlay_warming_up: {
    title: "Not yet scaled",
    detail:
      "At the first decisions too few of the strategy's own returns were known to scale it; there it is held whole.",
  },
  factors_stale: {
    title: "Factors missing",
    detail: "At some decisions no factors of the last three months were published; the money stayed in cash.",
  },
  factors_dependent: {
    title: "Dependent factors",
    detail: "In some regressions one factor followed from the others; their exposures are shared between them.",
  },
  regime_unknown: {
    title: "Regime unknown",
    detail: "At some decisions the benchmark had too short a history to tell a regime; the money stayed in cash.",
  },
  regime_fallback: {
    title: "Regime by a rule",
    detail:
      "At some decisions no model was fitted yet. A rule on the benchmark's volatility stood in, without probabilities.",
  },
  refit_rejected: {
    title: "Refit rejected",
    detail: "A fit of the regime model failed or had an empty state; the model before it stayed in force.",
  },
  regime_relabelled: {
    title: "Regimes renamed",
    detail:
      "After a refit the states sorted by volatility are not those most like the ones before; the sorting gives the names.",
  },
  hedge_missing: {
    title: "Hedge incomplete",
    detail: "At some decisions no put could be priced or bought; the strategy went on unhedged.",
  },
  open_unknown: { title: "Open unknown", detail: "Where no open is known, orders fill at the next close instead." },
  rf_foreign: {
    title: "Foreign risk-free rate",
    detail: "Where no risk-free rate is known in the run's own currency, the American bill rate stands in.",
  },
  fallback: {
    title: "Fallback taken",
    detail:
      "At some decisions limits could not hold together or an allocator had no answer. Diagnostics count those decisions and tell what was held instead.",
  },
  unpriced_target: {
    title: "Target without a price",
    detail: "A decision wanted an asset that showed no price; its share stayed in cash.",
  },
  stale_price: { title: "Stale price", detail: "A holding was valued for several sessions at its last known price." },
  exchange_assumed: {
    title: "Exchange assumed",
    detail: "The source does not name the exchange of its shares; New York's calendar was taken.",
  },
  price_index: {
    title: "Price index",
    detail: "An index without dividends is among the assets; its returns leave them out.",
  },
  untrained: {
    title: "Model untrained at first",
    detail:
      "Until enough of the primary's trades had ended for the model to learn from, the primary's weights were taken as they are.",
  },
  real_yield_missing: {
    title: "Gold by its trend",
    detail: "No real yield is stored, so gold was held while it stood above its own 200-session mean.",
  },
  successor_outside: {
    title: "Merger paid out",
    detail:
      "A holding became shares of a company that is none of the run's assets. It was paid out at their last price instead; name that company's symbol too to go on holding it.",
  },
  delisting_assumed: {
    title: "Delisting return assumed",
    detail:
      "A holding was delisted and what its holders got is not known. It was paid out at its last price less the loss that the run assumes; a short position was bought back at the last price.",
  },
  not_lent: {
    title: "Short sale refused",
    detail:
      "Some shares could not be sold short: nobody is known to lend them, as everywhere in Sydney unless that is overridden.",
  },
  lent_everywhere: {
    title: "Loans assumed",
    detail:
      "Short sales were allowed in Sydney too, where nobody publishes which shares can be borrowed. They may not have been possible.",
  },
  borrowed_cash: {
    title: "Bought on credit",
    detail: "At times cash was below zero. The debit cost the cash rate and 1.5% a year on top.",
  },
  leverage_over_cap: {
    title: "Outgrew its cap",
    detail:
      "At a close, long and short positions added up to over a tenth more than any decision had asked for: losses had eaten the equity that carries them.",
  },
  margin_call: {
    title: "Margin call",
    detail:
      "At a close, equity was below 30% of all positions added up; every one of them was reduced on the next open.",
  },
  nav_jump: {
    title: "Implausible jump",
    detail: "The equity moved by an implausible amount in one session: look at the prices of that day.",
  },
  high_turnover: {
    title: "Very high turnover",
    detail: "The run trades so much that its result hangs on the assumed costs.",
  },
  high_cagr: {
    title: "Implausible growth",
    detail: "Growth this high usually means that something is wrong with the data or the rule.",
  },
};

/** The flag that no figure can make good: it is shown beside the verdict. */
export const HINDSIGHT = "survivorship_not_controlled";

export const flagWords = (flag: string) => FLAGS[flag];

const VERDICTS: Record<string, string> = {
  strong:
    "Strong evidence against luck: the best of as many worthless trials would seldom reach this Sharpe ratio (deflated Sharpe of 95% or more). Trials made elsewhere are not counted.",
  moderate:
    "Moderate evidence against luck: the best of as many worthless trials could still reach this Sharpe ratio (deflated Sharpe of 90 to 95%). Trials made elsewhere are not counted.",
  weak: "Weak evidence: with as many trials, luck may well explain this Sharpe ratio (deflated Sharpe below 90%).",
  unknown: "No verdict: there is too little to tell skill from luck.",
};

export const verdictWords = (verdict: string) => VERDICTS[verdict] ?? verdict;

/** How an order ended: `cancelled_no_cash` reads "Cancelled: no cash". */
export function reasonWords(reason: string): string {
  const [, why] = /^cancelled_(.+)$/.exec(reason) ?? [];
  return why ? `Cancelled: ${words(why).toLowerCase()}` : words(reason);
}
