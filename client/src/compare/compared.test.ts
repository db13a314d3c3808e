import { expect, test } from "vitest";
import { bestOf, compareAddress, type Compared, FIGURES, idsIn, labelsOf } from "./compared";

const run = (id: string, changes: Partial<Compared> = {}, metrics: Record<string, number | null> = {}) =>
  ({
    id,
    name: null,
    universe: "SAMPLE_US",
    symbols: [],
    strategy: { key: "momentum", name: "Momentum" },
    metrics: { cagr: null, volatility: null, ...metrics },
    overfitting: null,
    ...changes,
  }) as unknown as Compared;
const figure = (name: string) => FIGURES.find((each) => each.name === name)!;

test("the best is the highest, or the lowest where less is better", () => {
  const runs = [
    run("a", {}, { cagr: 0.1, volatility: 0.2 }),
    run("b", {}, { cagr: 0.12, volatility: 0.3 }),
    run("c", {}, { cagr: null, volatility: 0.2 }),
  ];

  expect([...bestOf(figure("cagr"), runs)]).toEqual(["b"]);
  expect([...bestOf(figure("volatility"), runs)]).toEqual(["a", "c"]);
  expect(bestOf(figure("turnover"), runs).size).toBe(0);
});

test("nobody is best alone, nor among equals", () => {
  expect(bestOf(figure("cagr"), [run("a", {}, { cagr: 0.1 }), run("b")]).size).toBe(0);
  expect(bestOf(figure("cagr"), [run("a", {}, { cagr: 0.1 }), run("b", {}, { cagr: 0.1 })]).size).toBe(0);
});

test("runs of one name are told apart by their place", () => {
  expect(labelsOf([run("a"), run("b"), run("c", { name: "Mine" })])).toEqual([
    "Momentum, SAMPLE_US (1)",
    "Momentum, SAMPLE_US (2)",
    "Mine",
  ]);
});

test("the address holds each run once, and no more than can be compared", () => {
  expect(idsIn("a,b,a,,c")).toEqual(["a", "b", "c"]);
  expect(idsIn(null)).toEqual([]);
  expect(idsIn(Array.from({ length: 20 }, (_, n) => `run${n}`).join(",")).length).toBe(12);
  expect(compareAddress(["a", "b"])).toBe("/backtests/compare?ids=a,b");
});
