import { render, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { type KpisFragment, MetricsPartFragmentDoc } from "../graphql/generated";
import { Kpis } from "./Kpis";
import { GROUPS, type MetricName, whyUndefined } from "./metrics";

const NAMES = GROUPS.flatMap((group) => group.metrics.map((spec) => spec.name));
const METRICS = {
  ...Object.fromEntries(NAMES.map((name) => [name, 0.25])),
  finalValue: "1087340.22",
  totalCosts: "18432.10",
  maxDrawdown: -0.4712,
  sharpe: null,
  sessions: 5780,
  undefined: { sharpe: "volatility is zero" },
} as unknown as NonNullable<KpisFragment["metrics"]>;

const RUN: KpisFragment = {
  currency: "AUD",
  metrics: METRICS,
  benchmarkMetrics: null,
  overfitting: {
    psr: 0.982,
    psrAutocorrelated: null,
    independentSessions: null,
    minTrackRecordLength: null,
    rough: false,
    deflatedSharpe: 0.8712,
    trials: 7,
    sharpeInterval: [0.2, 1.02],
    verdict: "strong",
  },
  guards: { flags: ["survivorship_not_controlled"] },
};

const shown = (name: MetricName | "trials" | "deflatedSharpe" | "psr") =>
  document.querySelector(`[data-metric="${name}"]`)?.textContent;

test("figures are the API's, with unit, sign and the count of trials", () => {
  render(<Kpis run={RUN} />);

  expect([
    shown("cagr"),
    shown("maxDrawdown"),
    shown("finalValue"),
    shown("deflatedSharpe"),
    shown("psr"),
    shown("trials"),
  ]).toEqual(["25.0%", "−47.1%", "1,087,340AUD", "87.1%probability", "98.2%probability", "7"]);
});

test("few trials are called rough, and a probability says what it rests on", () => {
  const overfitting = {
    ...RUN.overfitting!,
    psrAutocorrelated: 0.943,
    independentSessions: 3853.3,
    minTrackRecordLength: 2400.2,
    rough: true,
  };
  render(<Kpis run={{ ...RUN, overfitting }} />);

  expect(screen.getByText(/95% interval/).textContent).toBe(
    "Sharpe 0.20 to 1.02, 95% interval; 94.3% with the 3,853 sessions that are independent; 95% needs 2,401 sessions",
  );
  expect(screen.getByText(/on record/).textContent).toBe(
    "over 7 trials on record: too few for more than a rough figure",
  );
});

test("hindsight is said beside the verdict, which cannot see it", () => {
  render(<Kpis run={RUN} />);

  expect(screen.getByText(/^Strong evidence/).textContent).toMatch(/companies that lasted/);
});

test("a universe with its history needs no such caution", () => {
  render(<Kpis run={{ ...RUN, guards: { flags: [] } }} />);

  expect(screen.queryByText(/companies that lasted/)).toBeNull();
});

test("an undefined figure says why", () => {
  render(<Kpis run={RUN} />);

  expect(shown("sharpe")).toBeUndefined();
  expect(screen.getByText("Undefined because volatility is zero.").getAttribute("role")).toBe("tooltip");
});

test("a figure that a stored run never had says that the run is older", () => {
  expect(whyUndefined({ sharpe: "volatility is zero" }, "rSquared")).toBe("the run is older than this figure");
  expect(whyUndefined({ rSquared: "no benchmark" }, "rSquared")).toBe("no benchmark");
});

test("every figure carries a definition", () => {
  expect(GROUPS.flatMap((group) => group.metrics).filter((spec) => spec.definition.length < 20)).toEqual([]);
});

test("every figure that is asked for is listed once", () => {
  const asked = MetricsPartFragmentDoc.definitions.flatMap((part) =>
    part.kind === "FragmentDefinition" ? part.selectionSet.selections : [],
  );
  const names = asked.flatMap((field) => (field.kind === "Field" ? field.name.value : []));

  expect([...NAMES, "undefined"].sort()).toEqual(names.sort());
});
