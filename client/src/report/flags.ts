/** What each of the API's flags means to somebody who reads the result. */
const FLAGS: Record<string, { title: string; detail: string }> = {
  vendor_adjusted: { title: "Adjusted closes only", detail: "The source carries closes already adjusted for splits and dividends, no raw prices. Returns are right; share counts and flat fees are on adjusted prices." },
  volume_unknown: { title: "Volume unknown", detail: "The source carries no volume, so limits on the share of volume and market impact were not applied." },
  no_corporate_actions: { title: "No corporate actions", detail: "Prices are not adjusted for splits and dividends, and none were supplied: returns leave dividends out." },
  rf_missing: { title: "Risk-free rate incomplete", detail: "For part of the run no risk-free rate is known; there the chosen cash rate stands in." },
  not_tradable: { title: "Not tradable", detail: "Orders fill at the very close that decided them. It replicates papers; nobody could trade it." },
  modelled_prices: { title: "Modelled prices", detail: "Some prices come from a model, not from a market." },
  open_missing: { title: "Open missing", detail: "Where no open is known, orders fill at the next close instead." },
  fallback: { title: "A fallback was used", detail: "A step could not be done as asked, and its documented substitute was used." },
  survivorship_bias: { title: "Survivors only", detail: "The universe holds the members of today; those that failed on the way are absent." },
  survivorship: { title: "Survivors only", detail: "The universe holds the members of today; those that failed on the way are absent." },
};

export const flagWords = (flag: string) => FLAGS[flag];
