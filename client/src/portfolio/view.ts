import { useSearchParams } from "react-router";
import type { Currency } from "../graphql/generated";

const DAY = 86_400_000;

export type View = { validAt: string | null; knownAt: string | null; currency: Currency };

/** The point the books are looked at from; it is in the address, so that it can be shared. */
export function useView() {
  const [params, setParams] = useSearchParams();
  const currency: Currency = params.get("currency") === "USD" ? "USD" : "AUD";
  const on = params.get("on");
  const known = params.get("known");
  const set = (name: "on" | "known" | "currency", value: string | null) => {
    const next = new URLSearchParams(params);
    if (value) next.set(name, value);
    else next.delete(name);
    setParams(next, { replace: true });
  };
  const view: View = { validAt: day(on), knownAt: past(endOf(day(known))), currency };
  return { view, on: day(on), known: day(known), set };
}

const day = (text: string | null) => (text && /^\d{4}-\d{2}-\d{2}$/.test(text) ? text : null);

/** The last instant of a day, in UTC. */
export const endOf = (iso: string | null) => iso && `${iso}T23:59:59.999999Z`;

/** Now, as null, instead of an instant that is still to come. */
export const past = (instant: string | null, now = Date.now()) =>
  instant && Date.parse(instant) > now ? null : instant;

export const today = (now = Date.now()) => new Date(now).toISOString().slice(0, 10);

/** Days from one to another, both in UTC. */
export const daysBetween = (from: string, to: string) => Math.round((Date.parse(to) - Date.parse(from)) / DAY);

export const dayAfter = (iso: string, days: number) =>
  new Date(Date.parse(iso) + days * DAY).toISOString().slice(0, 10);
