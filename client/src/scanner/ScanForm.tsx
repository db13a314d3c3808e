import { useMutation } from "@apollo/client/react";
import { type FocusEvent, type FormEvent, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { type Faults, serverFaults } from "../compose/faults";
import { SchemaFields } from "../compose/ParameterFields";
import { parametersOf } from "../compose/draft";
import { SymbolPicker } from "../compose/SymbolPicker";
import { RunScanDocument, type ScannerCatalogueQuery } from "../graphql/generated";
import { useKept } from "../session/kept";
import { Button } from "../ui/Button";
import { FieldError, SelectField, TextField } from "../ui/Field";
import { Icon } from "../ui/Icon";
import { LoadError } from "../ui/Notice";
import { Segmented } from "../ui/Segmented";
import { MOST_RESULTS, type ScanDraft, scanFaults, toScanInput } from "./scanDraft";
import css from "./Scanner.module.css";

type Props = Pick<ScannerCatalogueQuery, "scanners" | "universes"> & { initial: ScanDraft };

const SOURCES = [
  { value: "universe", label: "Universe" },
  { value: "symbols", label: "Own symbols" },
] as const;

export function ScanForm({ scanners, universes, initial }: Props) {
  const [draft, setDraft] = useKept("scan", initial);
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  const [refused, setRefused] = useState<Faults>({});
  const form = useRef<HTMLFormElement>(null);
  const navigate = useNavigate();
  const [run, { loading, error }] = useMutation(RunScanDocument);

  const scanner = scanners.find((each) => each.key === draft.scanner)!;
  const universe = universes.find((each) => each.key === draft.universe);
  const own = scanFaults(draft, scanner);
  const faults: Faults = {
    ...Object.fromEntries(Object.entries(own).filter(([path]) => touched.has(path))),
    ...refused,
  };
  const fault = (path: string) => (faults[path] ? { error: faults[path] } : {});

  const change = (path: string, patch: Partial<ScanDraft>) => {
    setDraft((before) => ({ ...before, ...patch }));
    setRefused(({ [path]: _mended, "": _general, ...rest }) => rest);
  };
  const touch = (event: FocusEvent<HTMLElement>) => {
    const { path } = event.target.dataset;
    if (path) setTouched((before) => new Set(before).add(path));
  };
  const focusFirst = (wrong: Faults) => {
    const controls = [...(form.current?.querySelectorAll<HTMLElement>("[data-path]") ?? [])];
    const first = controls.find((control) => wrong[control.dataset.path!]);
    first?.closest("details")?.setAttribute("open", "");
    first?.focus();
  };

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setTouched(new Set(Object.keys(own)));
    if (Object.keys(own).length > 0) return focusFirst(own);
    const answer = await run({ variables: { input: toScanInput(draft, scanner) } }).catch(() => null);
    const payload = answer?.data?.runScan;
    if (!payload) return;
    if (payload.scan) return void navigate(`/scanner?scan=${payload.scan.id}`, { state: { reused: payload.reused } });
    const wrong = serverFaults(payload.userErrors);
    setRefused(wrong);
    focusFirst(wrong);
  };

  return (
    <form
      ref={form}
      className={css.form}
      onSubmit={(event) => void submit(event)}
      onBlur={touch}
      noValidate
      aria-label="Scan"
    >
      <SelectField
        label="Scanner"
        path="scanner"
        value={draft.scanner}
        options={scanners.map(({ key, name }) => ({ value: key, label: name }))}
        {...fault("scanner")}
        onChange={(key) =>
          change("scanner", { scanner: key, parameters: parametersOf(scanners.find((each) => each.key === key)!) })
        }
      />
      <p className={css.about}>{scanner.description.replaceAll("\n\n", " ")}</p>
      <Segmented
        label="Whom to scan"
        value={draft.source}
        options={SOURCES}
        onChange={(source) => change("source", { source })}
      />
      {draft.source === "universe" ? (
        <SelectField
          label="Universe"
          path="universe"
          value={draft.universe}
          {...fault("universe")}
          options={universes.map(({ key, name }) => ({ value: key, label: `${name} (${key})` }))}
          {...(universe && { hint: `${universe.memberCount} members; compared with ${universe.benchmark}.` })}
          onChange={(key) => change("universe", { universe: key })}
        />
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
      <div className={css.pair}>
        <TextField
          label="As of"
          path="asOf"
          type="date"
          value={draft.asOf}
          {...fault("asOf")}
          hint="Empty: the last bar."
          onChange={(asOf) => change("asOf", { asOf })}
        />
        <TextField
          label="Most hits"
          path="maxResults"
          inputMode="numeric"
          bounds={`${MOST_RESULTS.minimum} to ${MOST_RESULTS.maximum}`}
          value={draft.maxResults}
          {...fault("maxResults")}
          onChange={(maxResults) => change("maxResults", { maxResults })}
        />
      </div>
      <details className={css.rules}>
        <summary>Rules</summary>
        <SchemaFields
          schema={scanner.parameterSchema}
          values={draft.parameters}
          faults={faults}
          onChange={(path, parameters) => change(path, { parameters })}
        />
      </details>
      <div className={css.run}>
        {faults[""] && <FieldError>{faults[""]}</FieldError>}
        {error && <LoadError error={error} onRetry={() => form.current?.requestSubmit()} />}
        {/* Left by the press, a field would show its fault, move the button, and the click would miss. */}
        <Button
          type="submit"
          look="primary"
          disabled={loading}
          onMouseDown={(event) => event.preventDefault()}
          onClick={(event) => event.currentTarget.focus()}
        >
          <Icon name="search" />
          {loading ? "Sending" : "Scan"}
        </Button>
      </div>
    </form>
  );
}
