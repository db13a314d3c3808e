type Money = {
  assetGain: string;
  currencyGain: string;
  interactionGain: string;
  costs: string;
  dividends: string;
  totalValue: string;
  netDeposits: string;
  missingPrices: readonly string[];
};

/**
 * The parts of the gain and their sum, in the currency of the books. In another currency than AUD the move of the rate
 * on the cash itself is what the others leave open; while a price is missing, nobody can tell it from that.
 */
export function partsOf(books: Money & { currency: string }) {
  const named = [
    {
      label: "Asset prices",
      tip: "Moves of prices in their own currency, at the exchange rates of the entries.",
      amount: Number(books.assetGain),
    },
    {
      label: "Currency",
      tip: "Moves of exchange rates on what was paid.",
      amount: Number(books.currencyGain),
    },
    {
      label: "Interaction",
      tip: "Price and exchange rate moving at once.",
      amount: Number(books.interactionGain),
    },
    { label: "Dividends", tip: "Of what was held before each went ex.", amount: Number(books.dividends) },
    { label: "Costs", tip: "Commissions of all entries and exits.", amount: -Number(books.costs) },
  ];
  const sum = named.reduce((total, { amount }) => total + amount, 0);
  if (books.missingPrices.length > 0) return { parts: named, total: sum };
  const total = Number(books.totalValue) - Number(books.netDeposits);
  if (books.currency === "AUD") return { parts: named, total };
  const cash = { label: "Cash", tip: "Moves of the exchange rate on the cash itself.", amount: total - sum };
  return { parts: [...named, cash], total };
}
