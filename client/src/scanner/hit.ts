import { decimal, integer, percent, ratio } from "../ui/format";

/** What the worker wrote of a hit; JSON in the contract, since every scanner has rules of its own. */
export type Measured = {
  code: string;
  name: string;
  value: number | null;
  operator: string;
  threshold: number | null;
  margin: number | null;
  unit: "fraction" | "money" | "number" | "flag";
};
export type Earned = { code: string; name: string; value: number | null; weight: number; points: number };
export type HitValues = {
  close: number | null;
  currency: string;
  rules: Measured[];
  score: Earned[];
  order: { entry: number; stop: number; shares: number } | null;
  flags: string[];
};

export function written(value: number, unit: Measured["unit"]): string {
  if (unit === "fraction") return percent(value);
  if (unit === "money") return Math.abs(value) >= 1000 ? integer(value) : ratio(value);
  return decimal(String(Number(value.toPrecision(4))));
}

const SIGNS: Record<string, string> = { ">=": "≥", "<=": "≤", ">": ">", "<": "<" };

/** Such as `42.3% ≥ 30.0%`; nothing for a rule that only asks whether. */
export function comparison({ value, operator, threshold, unit }: Measured): string {
  if (unit === "flag" || value === null || threshold === null) return "";
  return `${written(value, unit)} ${SIGNS[operator] ?? operator} ${written(threshold, unit)}`;
}

const FLAGS: Record<string, string> = {
  gap: "sessions without a bar",
  split: "a split in the window",
  adjusted: "adjusted closes only",
  quarantined: "a row the quality gates refused",
};

export const flagWords = (flags: readonly string[]) => flags.map((flag) => FLAGS[flag] ?? flag);
