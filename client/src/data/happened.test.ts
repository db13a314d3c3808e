import { expect, test } from "vitest";
import { type Happened, happened } from "./happened";

const end = (changes: Partial<Happened["actions"][number]>) => ({
  kind: "DELISTING" as const,
  exDate: "2024-01-18",
  ratio: null,
  cash: null,
  successor: null,
  ...changes,
});
const of = (actions: Happened["actions"], delistedOn: string | null = "2024-01-17"): Happened => ({
  id: "instrument_1",
  currency: "USD",
  delistedOn,
  actions,
});
const NEW = { id: "instrument_2", symbol: "NEW" };

test("what holders got is said in shares, cash, both, or nothing", () => {
  expect(happened(of([end({ ratio: 0.75, cash: 1.25, successor: NEW })]))).toEqual([
    "From 18 Jan 2024 on a share was 0.75 NEW and 1.25 USD: its listing had ended.",
  ]);
  expect(happened(of([end({ ratio: 2, successor: NEW })]))[0]).toContain("was 2 NEW:");
  expect(happened(of([end({ cash: 12.5 })]))[0]).toContain("was 12.5 USD:");
  expect(happened(of([end({ cash: 0 })]))[0]).toContain("was worth nothing:");
});

test("an end nobody knows more of is an assumption, and what goes on says what is known", () => {
  expect(happened(of([]))).toEqual([
    "Its listing ended on 17 Jan 2024. What holders got is not known, so runs assume a loss.",
  ]);
  expect(happened(of([], null))).toEqual([]);
  const split = end({ kind: "SPLIT", ratio: 2 });
  const paid = end({ kind: "DIVIDEND", cash: 0.5 });
  expect(happened(of([split, paid, paid], null))).toEqual(["Known are 1 split and 2 dividends."]);
});
