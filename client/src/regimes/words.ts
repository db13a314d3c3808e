import { words } from "../ui/format";

const FLAGS: Record<string, string> = {
  fallback:
    "There are fewer than three years of closes: a rule stands in for the model. It calls stress what is above the 80th percentile of past volatility, and has no probabilities.",
  refit_rejected: "A fit that found a state with hardly any sessions was refused; the model before it stayed in force.",
  relabelled: "At a fit two states changed places, because names go by volatility.",
};

export const flagWords = (flag: string) => FLAGS[flag] ?? words(flag);

const SLEEVES: Record<string, string> = {
  momentum: "Momentum",
  inverse_vol: "Inverse volatility",
  cash: "Cash",
};

export const sleeveWords = (sleeve: string) => SLEEVES[sleeve] ?? words(sleeve);

/** What was known at the end of that day, wherever the reader is; nothing is asked for without a day. */
export const endOf = (day: string) => (day ? `${day}T23:59:59Z` : null);

const DAY = 86_400_000;

/** Calendar days from a session to now, or to the day one stands at. */
export function age(asOf: string, standsAt: string, now = Date.now()): number {
  const at = standsAt ? Date.parse(`${standsAt}T00:00:00Z`) : now;
  return Math.max(0, Math.floor((at - Date.parse(`${asOf}T00:00:00Z`)) / DAY));
}

export function yearsEarlier(asOf: string, years: number): string {
  const date = new Date(`${asOf}T00:00:00Z`);
  date.setUTCFullYear(date.getUTCFullYear() - years);
  return date.toISOString().slice(0, 10);
}

/** A number of sessions in words a person counts in. */
export function sessionsWords(sessions: number): string {
  const whole = Math.round(sessions);
  return `${whole.toLocaleString("en-AU")} ${whole === 1 ? "session" : "sessions"}`;
}
