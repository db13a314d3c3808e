import { useMutation, useQuery } from "@apollo/client/react";
import { type FormEvent, useRef, useState } from "react";
import { serverFaults } from "../compose/faults";
import { SymbolPicker } from "../compose/SymbolPicker";
import { failureOf } from "../failure";
import {
  DataUniversesDocument,
  IngestPricesDocument,
  KnownUniversesDocument,
  type PriceSource,
} from "../graphql/generated";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { CheckField, FieldError, SelectField, TextField } from "../ui/Field";
import { Icon } from "../ui/Icon";
import { Segmented } from "../ui/Segmented";
import form from "./Form.module.css";
import { type Faults, findFaults, type IngestDraft, newIngest, SOURCES, toInput } from "./ingestDraft";

const TARGETS = [
  { value: "universe", label: "Universe" },
  { value: "symbols", label: "Own symbols" },
] as const;

type Props = { given: Partial<IngestDraft>; onClose: () => void; onSent: () => Promise<unknown> };

export function IngestDialog({ given, onClose, onSent }: Props) {
  const [draft, setDraft] = useState(() => newIngest(given));
  const [faults, setFaults] = useState<Faults>({});
  const fields = useRef<HTMLFormElement>(null);
  const [send, { loading, error }] = useMutation(IngestPricesDocument);
  const change = (path: keyof IngestDraft, patch: Partial<IngestDraft>) => {
    setDraft((before) => ({ ...before, ...patch }));
    setFaults(({ [path]: _mended, "": _general, ...rest }) => rest);
  };
  const refuse = (wrong: Faults) => {
    setFaults(wrong);
    const controls = [...(fields.current?.querySelectorAll<HTMLElement>("[data-path]") ?? [])];
    controls.find((control) => wrong[control.dataset.path!])?.focus();
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const own = findFaults(draft);
    if (Object.keys(own).length > 0) return refuse(own);
    const answer = await send({ variables: { input: toInput(draft) } }).catch(() => null);
    const payload = answer?.data?.ingestPrices;
    if (!payload) return;
    if (payload.userErrors.length > 0) return refuse(serverFaults(payload.userErrors));
    await onSent();
    onClose();
  };
  return (
    <Dialog
      title="Fetch prices"
      hint="Only sessions that are missing are asked for, and the last five again for late corrections."
      onClose={onClose}
    >
      <form
        ref={fields}
        className={form.form}
        onSubmit={(event) => void submit(event)}
        noValidate
        aria-label="Fetch prices"
      >
        <IngestFields draft={draft} faults={faults} change={change} />
        {faults[""] && <FieldError>{faults[""]}</FieldError>}
        {error && <FieldError>{failureOf(error).detail}</FieldError>}
        <div className={form.actions}>
          <Button type="submit" look="primary" disabled={loading}>
            <Icon name="save" />
            {loading ? "Sending" : "Fetch"}
          </Button>
          <Button onClick={onClose}>Cancel</Button>
        </div>
      </form>
    </Dialog>
  );
}

type FieldsProps = {
  draft: IngestDraft;
  faults: Faults;
  change: (path: keyof IngestDraft, patch: Partial<IngestDraft>) => void;
};

function IngestFields({ draft, faults, change }: FieldsProps) {
  const fault = (path: string) => (faults[path] ? { error: faults[path] } : {});
  const needsMarket = draft.source !== "SAMPLE";
  return (
    <>
      <SelectField
        label="Source"
        path="source"
        value={draft.source}
        options={SOURCES}
        {...fault("source")}
        onChange={(value) => change("source", { source: value as PriceSource })}
      />
      {needsMarket && <Market draft={draft} change={change} fault={fault} />}
      {needsMarket && (
        <div className={form.pair}>
          <TextField
            label="From"
            path="start"
            type="date"
            value={draft.start}
            {...fault("start")}
            hint="Empty: from where the stored bars end, or all there is."
            onChange={(start) => change("start", { start })}
          />
          <TextField
            label="To"
            path="end"
            type="date"
            value={draft.end}
            {...fault("end")}
            hint="Empty: to the last closed session."
            onChange={(end) => change("end", { end })}
          />
        </div>
      )}
      <CheckField
        label="Ask again for what is stored"
        path="force"
        hint="What differs becomes a revision; the old values stay on record."
        checked={draft.force}
        {...fault("force")}
        onChange={(force) => change("force", { force })}
      />
    </>
  );
}

type MarketProps = Omit<FieldsProps, "faults"> & { fault: (path: string) => { error?: string } };

function Market({ draft, change, fault }: MarketProps) {
  const universes = useUniverses();
  return (
    <>
      <div>
        <Segmented
          label="What to fetch"
          value={draft.target}
          options={TARGETS}
          onChange={(target) => change("target", { target })}
        />
      </div>
      {draft.target === "universe" ? (
        <SelectField
          label="Universe"
          path="universe"
          value={draft.universe}
          options={[{ value: "", label: "Choose one" }, ...universes]}
          {...fault("universe")}
          onChange={(universe) => change("universe", { universe })}
        />
      ) : (
        <SymbolPicker
          label="Symbols"
          path="symbols"
          hint="Such as BHP.AX, AAPL or ^GSPC; Enter adds one."
          symbols={draft.symbols}
          {...fault("symbols")}
          onChange={(symbols) => change("symbols", { symbols })}
        />
      )}
    </>
  );
}

/** What is stored, and the known lists that an ingest can bring in; the sample's are whole as they are. */
function useUniverses() {
  const { data } = useQuery(DataUniversesDocument);
  const known = useQuery(KnownUniversesDocument).data?.dataHealth.knownUniverses ?? [];
  const stored = (data?.universes ?? []).filter(({ key }) => !key.startsWith("SAMPLE_"));
  const others = known.filter((key) => !stored.some((each) => each.key === key));
  return [
    ...stored.map(({ key, name }) => ({ value: key, label: `${name} (${key})` })),
    ...others.map((key) => ({ value: key, label: key })),
  ];
}
