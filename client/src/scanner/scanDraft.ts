import type { Faults } from "../compose/faults";
import { parameterFaults } from "../compose/faults";
import { type Parameterised, parametersOf, parameterValues, type Values } from "../compose/draft";
import { numberFault, parseNumber } from "../compose/schema";
import type { RunScanInput, ScannerChoiceFragment } from "../graphql/generated";

/** The form as typed; an empty day is that of the last bar. */
export type ScanDraft = {
  scanner: string;
  source: "universe" | "symbols";
  universe: string;
  symbols: string[];
  asOf: string;
  maxResults: string;
  parameters: Values;
};

export const MOST_RESULTS = { minimum: 1, maximum: 500 };
const USUAL_RESULTS = "50";

export function newScanDraft(scanner: ScannerChoiceFragment, universe: string): ScanDraft {
  return {
    scanner: scanner.key,
    source: "universe",
    universe,
    symbols: [],
    asOf: "",
    maxResults: USUAL_RESULTS,
    parameters: parametersOf(scanner),
  };
}

export type PastScan = {
  universe: string | null;
  symbols: readonly string[];
  asOf: string;
  maxResults: number;
  parameters: unknown;
};

/** A scan that was done as a draft, ready for another try. */
export function draftOfScan(scan: PastScan, scanner: ScannerChoiceFragment): ScanDraft {
  return {
    ...newScanDraft(scanner, scan.universe ?? ""),
    source: scan.universe ? "universe" : "symbols",
    symbols: [...scan.symbols],
    asOf: scan.asOf,
    maxResults: String(scan.maxResults),
    parameters: givenParameters(scanner, scan.parameters as Record<string, unknown>),
  };
}

/** Null was sent where a field was left empty, and must not turn into the default again. */
function givenParameters(scanner: Parameterised, given: Record<string, unknown>): Values {
  const empty = Object.keys(given).filter((name) => given[name] === null);
  return { ...parametersOf(scanner, given), ...Object.fromEntries(empty.map((name) => [name, ""])) };
}

export function scanFaults(draft: ScanDraft, scanner: ScannerChoiceFragment): Faults {
  const found: [string, string | undefined][] = [
    ...parameterFaults(draft.parameters, scanner.parameterSchema),
    ["universe", draft.source === "universe" && !draft.universe ? "Choose a universe" : undefined],
    ["symbols", draft.source === "symbols" && draft.symbols.length === 0 ? "Add at least one symbol" : undefined],
    ["maxResults", numberFault(draft.maxResults, MOST_RESULTS, { integer: true })],
  ];
  return Object.fromEntries(found.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

export function toScanInput(draft: ScanDraft, scanner: ScannerChoiceFragment): RunScanInput {
  return {
    scanner: draft.scanner,
    ...(draft.source === "universe" ? { universe: draft.universe } : { symbols: draft.symbols }),
    asOf: draft.asOf || null,
    parameters: parameterValues(draft.parameters, scanner.parameterSchema),
    maxResults: parseNumber(draft.maxResults),
  };
}
