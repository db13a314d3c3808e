import type { ComposeCatalogueQuery, Currency } from "../graphql/generated";
import { Card } from "../ui/Card";
import { SelectField, TextField } from "../ui/Field";
import { day } from "../ui/format";
import { Segmented } from "../ui/Segmented";
import css from "./Compose.module.css";
import type { Group } from "./ComposeForm";
import { SymbolPicker } from "./SymbolPicker";
import type { Span } from "./useSpan";

type Universe = ComposeCatalogueQuery["universes"][number];
type Props = Group & { universes: readonly Universe[]; span: Span };

const SOURCES = [
  { value: "universe", label: "Universe" },
  { value: "symbols", label: "Own symbols" },
] as const;
const CURRENCIES = [
  { value: "AUD", label: "AUD" },
  { value: "USD", label: "USD" },
] as const;

export function MarketFields({ universes, span, draft, change, faults }: Props) {
  const universe = universes.find((each) => each.key === draft.universe);
  const fault = (path: string) => (faults[path] ? { error: faults[path] } : {});
  return (
    <Card
      title="Market and period"
      tools={
        <Segmented
          label="What to trade"
          value={draft.source}
          options={SOURCES}
          onChange={(source) => change("source", { source })}
        />
      }
    >
      <div className={css.grid}>
        <div className={css.wide}>
          {draft.source === "universe" ? (
            <>
              <SelectField
                label="Universe"
                path="universe"
                value={draft.universe}
                {...fault("universe")}
                options={universes.map(({ key, name }) => ({ value: key, label: `${name} (${key})` }))}
                onChange={(key) => change("universe", { universe: key, start: "", end: "" })}
              />
              {universe && <UniverseFacts universe={universe} />}
            </>
          ) : (
            <SymbolPicker
              label="Symbols"
              path="symbols"
              hint="Such as AAPL or MSFT; Enter adds one."
              symbols={draft.symbols}
              {...fault("symbols")}
              onChange={(symbols) => change("symbols", { symbols })}
            />
          )}
        </div>
        <SelectField
          label="Currency"
          path="currency"
          value={draft.currency}
          options={CURRENCIES}
          {...fault("currency")}
          hint="All results are in this currency."
          onChange={(value) => change("currency", { currency: value as Currency, start: "" })}
        />
        <TextField
          label="Initial capital"
          path="initialCapital"
          unit={draft.currency}
          inputMode="decimal"
          value={draft.initialCapital}
          {...fault("initialCapital")}
          onChange={(initialCapital) => change("initialCapital", { initialCapital })}
        />
        <TextField
          label="Start"
          path="start"
          type="date"
          value={draft.start || span.start}
          {...fault("start")}
          hint={startHint(span, draft.currency)}
          onChange={(start) => change("start", { start })}
        />
        <TextField
          label="End"
          path="end"
          type="date"
          value={draft.end || span.last}
          {...fault("end")}
          hint={span.last ? `Prices to ${day(span.last)}.` : " "}
          onChange={(end) => change("end", { end })}
        />
        <TextField
          label="Benchmark"
          path="benchmark"
          value={draft.benchmark}
          {...fault("benchmark")}
          placeholder={universe?.benchmark ?? "the universe's own"}
          hint="A symbol; empty takes the universe's own."
          onChange={(benchmark) => change("benchmark", { benchmark })}
        />
      </div>
    </Card>
  );
}

function startHint({ first, warmUp }: Span, currency: Currency): string {
  if (!first) return " ";
  return `${currency} prices from ${day(first)}${warmUp > 1 ? `, then ${warmUp} sessions of warm-up` : ""}.`;
}

function UniverseFacts({ universe }: { universe: Universe }) {
  const bias = universe.survivorshipFree
    ? "membership as it was at each date"
    : "today's members only, so survivors: results flatter";
  return (
    <p className={css.facts}>
      {universe.description.replace(/[.\s]*$/, ".")} {universe.memberCount} members; {bias}.
    </p>
  );
}
