import { useMutation } from "@apollo/client/react";
import { serverFaults } from "../compose/faults";
import { type Currency, OpenTradeDocument, type Side } from "../graphql/generated";
import { SelectField, TextField } from "../ui/Field";
import { CURRENCIES, newTrade, type OpenDraft, openFaults, quotedIn, toOpenInput } from "./drafts";
import { EntryDialog } from "./EntryDialog";
import css from "./Trades.module.css";
import { type Entry, useEntry } from "./useEntry";

const SIDES = [
  { value: "BUY", label: "Buy (long)" },
  { value: "SELL", label: "Sell (short)" },
] as const;

type Props = { onClose: () => void; onKept: () => Promise<unknown> };

export function OpenDialog({ onClose, onKept }: Props) {
  const entry = useEntry(() => newTrade(new Date()));
  const [open, { loading, error }] = useMutation(OpenTradeDocument);
  const submit = async () => {
    const own = openFaults(entry.draft, new Date());
    if (Object.keys(own).length > 0) return entry.refuse(own);
    const answer = await open({ variables: { input: toOpenInput(entry.draft, entry.key) } }).catch(() => null);
    const payload = answer?.data?.openTrade;
    if (!payload) return;
    if (payload.userErrors.length > 0) return entry.refuse(serverFaults(payload.userErrors));
    await onKept();
    onClose();
  };
  return (
    <EntryDialog
      title="New trade"
      hint="What you bought or sold short. It is converted to Australian dollars at the rate of its day."
      submit="Write it down"
      busy={loading}
      error={error}
      faults={entry.faults}
      form={entry.form}
      onSubmit={submit}
      onClose={onClose}
    >
      <WhatFields entry={entry} />
      <MoneyFields entry={entry} />
      <OwnFields entry={entry} />
    </EntryDialog>
  );
}

type Fields = { entry: Entry<OpenDraft> };

function WhatFields({ entry: { draft, change, at } }: Fields) {
  return (
    <>
      <div className={css.pair}>
        <TextField
          label="Symbol"
          {...at("symbol")}
          value={draft.symbol}
          placeholder="BHP.AX"
          spellCheck={false}
          onChange={(typed) => {
            const symbol = typed.toUpperCase();
            change("symbol", symbol.trim() ? { symbol, currency: quotedIn(symbol) } : { symbol });
          }}
        />
        <SelectField
          label="Side"
          {...at("side")}
          value={draft.side}
          options={SIDES}
          onChange={(side) => change("side", { side: side as Side })}
        />
      </div>
      <TextField
        label="Entered at"
        {...at("entryAt")}
        type="datetime-local"
        hint="By your own clock"
        value={draft.entryAt}
        onChange={(entryAt) => change("entryAt", { entryAt })}
      />
    </>
  );
}

function MoneyFields({ entry: { draft, change, at } }: Fields) {
  return (
    <div className={css.three}>
      <TextField
        label="Quantity"
        {...at("quantity")}
        inputMode="decimal"
        unit="shares"
        value={draft.quantity}
        onChange={(quantity) => change("quantity", { quantity })}
      />
      <TextField
        label="Price"
        {...at("entryPrice")}
        inputMode="decimal"
        unit={draft.currency}
        value={draft.entryPrice}
        onChange={(entryPrice) => change("entryPrice", { entryPrice })}
      />
      <TextField
        label="Commission"
        {...at("commission")}
        inputMode="decimal"
        unit={draft.currency}
        value={draft.commission}
        onChange={(commission) => change("commission", { commission })}
      />
      <SelectField
        label="Currency"
        {...at("currency")}
        value={draft.currency}
        options={CURRENCIES}
        onChange={(currency) => change("currency", { currency: currency as Currency })}
      />
      {draft.currency !== "AUD" && (
        <TextField
          label="Rate"
          {...at("fxRate")}
          inputMode="decimal"
          unit={`AUD for 1 ${draft.currency}`}
          placeholder="Stored fixing"
          value={draft.fxRate}
          onChange={(fxRate) => change("fxRate", { fxRate })}
        />
      )}
    </div>
  );
}

function OwnFields({ entry: { draft, change, at } }: Fields) {
  return (
    <>
      <div className={css.three}>
        <TextField
          label="Reference"
          {...at("reference")}
          placeholder="By symbol and day"
          value={draft.reference}
          onChange={(reference) => change("reference", { reference })}
        />
        <TextField
          label="Strategy"
          {...at("strategy")}
          value={draft.strategy}
          onChange={(strategy) => change("strategy", { strategy })}
        />
        <TextField
          label="Labels"
          {...at("tags")}
          placeholder="core, 2026"
          value={draft.tags}
          onChange={(tags) => change("tags", { tags })}
        />
      </div>
      <TextField label="Notes" {...at("notes")} value={draft.notes} onChange={(notes) => change("notes", { notes })} />
    </>
  );
}
