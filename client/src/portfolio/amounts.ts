import { money, NOTHING, percent } from "../ui/format";
import { table } from "../ui/Table";

/** An amount with its sign: a gain is told from a loss by more than its colour. */
export function gain(value: string | number, currency: string, digits = 2): string {
  const text = money(value, currency, digits);
  return Number(value) > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}

export function change(value: number, digits = 2): string {
  const text = percent(value, digits);
  return value > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}

export const tone = (value: string | number | null | undefined) =>
  value == null || Number(value) === 0 ? "" : Number(value) < 0 ? table.loss : table.gain;

export const orNothing = <T>(value: T | null | undefined, show: (value: T) => string) =>
  value == null ? NOTHING : show(value);
