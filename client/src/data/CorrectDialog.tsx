import { useMutation, useQuery } from "@apollo/client/react";
import { type FormEvent, useRef, useState } from "react";
import { serverFaults } from "../compose/faults";
import { failureOf } from "../failure";
import { BarOfDayDocument, CorrectPriceDocument } from "../graphql/generated";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { FieldError, TextField } from "../ui/Field";
import { day } from "../ui/format";
import { Icon } from "../ui/Icon";
import {
  type Draft,
  FIELDS,
  type Faults,
  findFaults,
  newCorrection,
  storedBar,
  toInput,
  type Values,
} from "./correction";
import form from "./Form.module.css";

type Props = { given: { symbol: string; date: string }; onClose: () => void; onKept: () => Promise<unknown> };

export function CorrectDialog({ given, onClose, onKept }: Props) {
  const [draft, setDraft] = useState(() => newCorrection(given.symbol, given.date));
  const [faults, setFaults] = useState<Faults>({});
  const fields = useRef<HTMLFormElement>(null);
  const stored = useStored(draft);
  const [correct, { loading, error }] = useMutation(CorrectPriceDocument);
  const change = (path: string, patch: Partial<Draft>) => {
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
    const own = findFaults(draft, stored.bar);
    if (Object.keys(own).length > 0) return refuse(own);
    const answer = await correct({ variables: { input: toInput(draft) } }).catch(() => null);
    const payload = answer?.data?.correctPrice;
    if (!payload) return;
    if (payload.userErrors.length > 0) return refuse(serverFaults(payload.userErrors));
    await onKept();
    onClose();
  };
  return (
    <Dialog
      title="Correct a price"
      hint="The old values stay on record: whoever stands at an earlier instant still sees them."
      onClose={onClose}
    >
      <form
        ref={fields}
        className={form.form}
        onSubmit={(event) => void submit(event)}
        noValidate
        aria-label="Correct a price"
      >
        <BarFields draft={draft} stored={stored} faults={faults} change={change} />
        {faults[""] && <FieldError>{faults[""]}</FieldError>}
        {error && <FieldError>{failureOf(error).detail}</FieldError>}
        <div className={form.actions}>
          <Button type="submit" look="primary" disabled={loading}>
            <Icon name="check" />
            {loading ? "Sending" : "Correct"}
          </Button>
          <Button onClick={onClose}>Cancel</Button>
        </div>
      </form>
    </Dialog>
  );
}

type Stored = { bar: Values | null; words: string };

/** The bar as it now stands, so that only what is wrong need be typed. */
function useStored({ symbol, date }: Draft): Stored {
  const named = { symbol: symbol.trim(), day: date };
  const { data, error, loading } = useQuery(BarOfDayDocument, {
    variables: named,
    skip: !named.symbol || !date,
    fetchPolicy: "cache-and-network",
  });
  if (!named.symbol || !date) return { bar: null, words: "" };
  if (error) return { bar: null, words: failureOf(error).detail };
  if (loading && !data) return { bar: null, words: "Looking up the stored bar" };
  const bar = storedBar(data?.bars);
  return {
    bar,
    words: bar ? "An empty field stays as it is stored." : `No bar of ${named.symbol} is stored for ${day(date)}.`,
  };
}

type FieldsProps = {
  draft: Draft;
  stored: Stored;
  faults: Faults;
  change: (path: string, patch: Partial<Draft>) => void;
};

function BarFields({ draft, stored, faults, change }: FieldsProps) {
  const fault = (path: string) => (faults[path] ? { error: faults[path] } : {});
  return (
    <>
      <div className={form.pair}>
        <TextField
          label="Symbol"
          path="symbol"
          value={draft.symbol}
          spellCheck={false}
          {...fault("symbol")}
          onChange={(symbol) => change("symbol", { symbol: symbol.toUpperCase() })}
        />
        <TextField
          label="Session"
          path="date"
          type="date"
          value={draft.date}
          {...fault("date")}
          onChange={(date) => change("date", { date })}
        />
      </div>
      <p className={form.stored} role="status">
        {stored.words}
      </p>
      <div className={form.three}>
        {FIELDS.map(({ name, label }) => (
          <TextField
            key={name}
            label={label}
            path={name}
            inputMode="decimal"
            placeholder={stored.bar?.[name]?.toString() ?? ""}
            value={draft.values[name]}
            {...(name === "volume" && { unit: "shares" })}
            {...fault(name)}
            onChange={(typed) => change(name, { values: { ...draft.values, [name]: typed } })}
          />
        ))}
      </div>
      <TextField
        label="Reason"
        path="reason"
        value={draft.reason}
        maxLength={500}
        placeholder="Where the right value comes from"
        {...fault("reason")}
        onChange={(reason) => change("reason", { reason })}
      />
    </>
  );
}
