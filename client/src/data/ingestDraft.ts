import type { IngestPricesInput, PriceSource } from "../graphql/generated";

export type IngestDraft = {
  target: "universe" | "symbols";
  universe: string;
  symbols: string[];
  source: PriceSource;
  start: string;
  end: string;
  force: boolean;
};

export type Faults = Record<string, string>;

/** A file is brought in by `parakeet import`, not from here. */
export const SOURCES: readonly { value: PriceSource; label: string }[] = [
  { value: "AUTO", label: "The usual one for each symbol" },
  { value: "TIINGO", label: "Tiingo" },
  { value: "YAHOO", label: "Yahoo" },
  { value: "SAMPLE", label: "Sample prices of installed packages" },
];

export const newIngest = (given: Partial<IngestDraft> = {}): IngestDraft => ({
  target: given.symbols?.length ? "symbols" : "universe",
  universe: "",
  symbols: [],
  source: "AUTO",
  start: "",
  end: "",
  force: false,
  ...given,
});

export function findFaults(draft: IngestDraft, today = new Date().toISOString().slice(0, 10)): Faults {
  const faults: Faults = {};
  if (draft.source !== "SAMPLE") {
    if (draft.target === "universe" && !draft.universe) faults.universe = "Choose a universe";
    if (draft.target === "symbols" && draft.symbols.length === 0) faults.symbols = "Add at least one symbol";
  }
  if (draft.start > today) faults.start = "Prices of days to come are not known yet";
  if (draft.start && draft.end && draft.end < draft.start) faults.end = "The end must not come before the start";
  return faults;
}

export const toInput = (draft: IngestDraft): IngestPricesInput => ({
  ...(draft.source === "SAMPLE"
    ? {}
    : draft.target === "universe"
      ? { universe: draft.universe }
      : { symbols: draft.symbols }),
  start: draft.start || null,
  end: draft.end || null,
  source: draft.source,
  force: draft.force,
});
