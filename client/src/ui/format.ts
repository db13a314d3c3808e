/** Words and numbers as shown. Nothing here computes a figure; it only writes what the API said. */

export const NOTHING = "—";
const MINUS = "−";

const minus = (text: string) => text.replace(/-/g, MINUS);
const formats = new Map<string, Intl.NumberFormat>();

function format(value: number | bigint, options: Intl.NumberFormatOptions): string {
  const key = JSON.stringify(options);
  let found = formats.get(key);
  if (!found) formats.set(key, (found = new Intl.NumberFormat("en-AU", options)));
  const text = found.format(value);
  // A rounded-away negative would read "−0.0"; it is zero to the digits shown.
  return /[1-9]/.test(text) ? minus(text) : minus(text).replace(MINUS, "");
}

const fixed = (digits: number) => ({ minimumFractionDigits: digits, maximumFractionDigits: digits });

export const percent = (value: number, digits = 1) => format(value, { style: "percent", ...fixed(digits) });
/** No estimate is certain: what would round to 0 or 100% is said as a bound. */
export function probability(value: number): string {
  if (value >= 0.9995) return "over 99.9%";
  return value < 0.0005 ? "under 0.1%" : percent(value);
}

export const ratio = (value: number, digits = 2) => format(value, fixed(digits));
export const integer = (value: number) => format(value, { maximumFractionDigits: 0 });

/** An exact decimal, grouped; the digits stay those of the string. */
export function decimal(value: string, digits?: number): string {
  if (digits !== undefined) return format(Number(value), fixed(digits));
  const [whole = "0", fraction] = value.split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  return minus(fraction && /[1-9]/.test(fraction) ? `${grouped}.${fraction.replace(/0+$/, "")}` : grouped);
}

export const money = (value: string | number, currency: string, digits = 0) =>
  `${format(Number(value), fixed(digits))} ${currency}`;

const days = new Intl.DateTimeFormat("en-AU", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
const months = new Intl.DateTimeFormat("en-AU", { month: "short", year: "numeric", timeZone: "UTC" });
const instants = new Intl.DateTimeFormat("en-AU", { dateStyle: "medium", timeStyle: "short" });

export const day = (iso: string) => days.format(new Date(`${iso}T00:00:00Z`));
export const month = (iso: string) => months.format(new Date(`${iso}T00:00:00Z`));
export const instant = (iso: string) => instants.format(new Date(iso));

export function ago(iso: string, now = Date.now()): string {
  const seconds = Math.max(0, (now - Date.parse(iso)) / 1000);
  if (seconds < 45) return "just now";
  if (seconds < 3600) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.round(seconds / 3600)} h ago`;
  return seconds < 7 * 86_400 ? `${Math.round(seconds / 86_400)} d ago` : day(iso.slice(0, 10));
}

export function duration(seconds: number): string {
  if (seconds < 1) return "under 1 s";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

export function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  return count < 1e6 ? `${(count / 1000).toFixed(0)} kB` : `${(count / 1e6).toFixed(1)} MB`;
}

/** `no_trade_band` and `INVERSE_VOLATILITY` as words. */
export function words(name: string): string {
  const plain = name
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .replace(/[_-]+/g, " ")
    .toLowerCase();
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}

export const camel = (name: string) => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** No comma in any: they stand in lists that commas separate. */
const ABBREVIATIONS: Record<string, string> = {
  ASIA_PACIFIC: "Asia and Pacific",
  AUC: "AUC",
  BLACK_LITTERMAN: "Black–Litterman",
  DEVELOPED_EX_US: "Developed but US",
  EWMA: "EWMA",
  CAGR: "CAGR",
  CONVERT_EACH: "Converted",
  FF3: "FF3",
  FF5: "FF5",
  FF3_ASIA_PACIFIC: "FF3 (Asia and Pacific)",
  FF3_DEVELOPED_EX_US: "FF3 (developed but US)",
  FF5_ASIA_PACIFIC: "FF5 (Asia and Pacific)",
  FF5_DEVELOPED_EX_US: "FF5 (developed but US)",
  HML: "HML",
  HOLD_USD: "Kept abroad",
  HRP: "HRP",
  NCO: "NCO",
  NEWS_FLAG: "Days with news",
  OHLC: "Open/high/low/close",
  RF: "Risk-free rate",
  LONG_VOL_ETP: "Long volatility product",
  SHORT_VOL_ETP: "Short volatility product",
  SMB: "SMB",
  STD: "Standard deviation",
  ASX_CLOSE: "ASX close",
  US: "US",
  US_CLOSE: "US close",
  US10Y_REAL: "Ten-year real yield",
  VIX: "VIX",
  VIX3M: "VIX3M",
};
export const enumWords = (name: string) => ABBREVIATIONS[name.toUpperCase()] ?? words(name);

/** The server writes messages without a capital and a full stop, so that they can stand behind a colon. */
export function sentence(message: string): string {
  const begun = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
