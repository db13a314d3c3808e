import { useMutation } from "@apollo/client/react";
import { serverFaults } from "../compose/faults";
import {
  CancelTradeDocument,
  CloseTradeDocument,
  CorrectTradeDocument,
  type TradeWholeFragment,
} from "../graphql/generated";
import { TextField } from "../ui/Field";
import { decimal } from "../ui/format";
import {
  asItStands,
  closeFaults,
  type CorrectDraft,
  correctFaults,
  newExit,
  toCloseInput,
  toCorrectInput,
} from "./drafts";
import { EntryDialog } from "./EntryDialog";
import css from "./Trades.module.css";
import { type Entry, useEntry } from "./useEntry";

type Props = { trade: TradeWholeFragment; onClose: () => void; onKept: () => Promise<unknown> };

const named = (trade: TradeWholeFragment) => `${trade.symbol}, ${trade.reference}`;

export function CloseDialog({ trade, onClose, onKept }: Props) {
  const entry = useEntry(() => newExit(new Date()));
  const { draft, change, at } = entry;
  const [close, { loading, error }] = useMutation(CloseTradeDocument);
  const submit = async () => {
    const own = closeFaults(draft, new Date());
    if (Object.keys(own).length > 0) return entry.refuse(own);
    const answer = await close({ variables: { input: toCloseInput(draft, trade) } }).catch(() => null);
    const payload = answer?.data?.closeTrade;
    if (!payload) return;
    if (payload.userErrors.length > 0) return entry.refuse(serverFaults(payload.userErrors));
    await onKept();
    onClose();
  };
  return (
    <EntryDialog
      title="Close the trade"
      hint={`${named(trade)}. A part becomes a trade of its own, the rest stays open.`}
      submit="Close it"
      busy={loading}
      error={error}
      faults={entry.faults}
      form={entry.form}
      onSubmit={submit}
      onClose={onClose}
    >
      <TextField
        label="Left at"
        {...at("exitAt")}
        type="datetime-local"
        hint="By your own clock"
        value={draft.exitAt}
        onChange={(exitAt) => change("exitAt", { exitAt })}
      />
      <div className={css.three}>
        <TextField
          label="Price"
          {...at("exitPrice")}
          inputMode="decimal"
          unit={trade.currency}
          value={draft.exitPrice}
          onChange={(exitPrice) => change("exitPrice", { exitPrice })}
        />
        <TextField
          label="Quantity"
          {...at("quantity")}
          inputMode="decimal"
          unit="shares"
          hint={`All of it if empty. Entered with ${decimal(trade.quantity)}; splits since then count.`}
          value={draft.quantity}
          onChange={(quantity) => change("quantity", { quantity })}
        />
        <TextField
          label="Commission"
          {...at("exitCommission")}
          inputMode="decimal"
          unit={trade.currency}
          value={draft.exitCommission}
          onChange={(exitCommission) => change("exitCommission", { exitCommission })}
        />
      </div>
      {trade.currency !== "AUD" && (
        <TextField
          label="Rate"
          {...at("fxRate")}
          inputMode="decimal"
          unit={`AUD for 1 ${trade.currency}`}
          placeholder="Stored fixing of that day"
          value={draft.fxRate}
          onChange={(fxRate) => change("fxRate", { fxRate })}
        />
      )}
    </EntryDialog>
  );
}

export function CorrectDialog({ trade, onClose, onKept }: Props) {
  const entry = useEntry(() => asItStands(trade));
  const [correct, { loading, error }] = useMutation(CorrectTradeDocument);
  const submit = async () => {
    const own = correctFaults(entry.draft, trade, new Date());
    if (Object.keys(own).length > 0) return entry.refuse(own);
    const answer = await correct({ variables: { input: toCorrectInput(entry.draft, trade) } }).catch(() => null);
    const payload = answer?.data?.correctTrade;
    if (!payload) return;
    if (payload.userErrors.length > 0) return entry.refuse(serverFaults(payload.userErrors));
    await onKept();
    onClose();
  };
  return (
    <EntryDialog
      title="Correct the trade"
      hint={`${named(trade)}. A new version; what was believed before stays on record.`}
      submit="Correct it"
      busy={loading}
      error={error}
      faults={entry.faults}
      form={entry.form}
      onSubmit={submit}
      onClose={onClose}
    >
      <SideFields entry={entry} trade={trade} end="entry" />
      {trade.status === "CLOSED" && <SideFields entry={entry} trade={trade} end="exit" />}
      <TextFields entry={entry} />
    </EntryDialog>
  );
}

type SideProps = { entry: Entry<CorrectDraft>; trade: TradeWholeFragment; end: "entry" | "exit" };

function SideFields({ entry: { draft, change, at }, trade, end }: SideProps) {
  const [price, when, fee] =
    end === "entry"
      ? (["entryPrice", "entryAt", "commission"] as const)
      : (["exitPrice", "exitAt", "exitCommission"] as const);
  const word = end === "entry" ? "Entry" : "Exit";
  return (
    <div className={css.three}>
      {end === "entry" && (
        <TextField
          label="Quantity"
          {...at("quantity")}
          inputMode="decimal"
          unit="shares"
          value={draft.quantity}
          onChange={(quantity) => change("quantity", { quantity })}
        />
      )}
      <TextField
        label={`${word} price`}
        {...at(price)}
        inputMode="decimal"
        unit={trade.currency}
        value={draft[price]}
        onChange={(typed) => change(price, { [price]: typed })}
      />
      <TextField
        label={`${word} commission`}
        {...at(fee)}
        inputMode="decimal"
        unit={trade.currency}
        value={draft[fee]}
        onChange={(typed) => change(fee, { [fee]: typed })}
      />
      <div className={css.when}>
        <TextField
          label={end === "entry" ? "Entered at" : "Left at"}
          {...at(when)}
          type="datetime-local"
          value={draft[when]}
          onChange={(typed) => change(when, { [when]: typed })}
        />
      </div>
    </div>
  );
}

function TextFields({ entry: { draft, change, at } }: { entry: Entry<CorrectDraft> }) {
  return (
    <>
      <div className={css.pair}>
        <TextField
          label="Strategy"
          {...at("strategy")}
          value={draft.strategy}
          onChange={(strategy) => change("strategy", { strategy })}
        />
        <TextField label="Labels" {...at("tags")} value={draft.tags} onChange={(tags) => change("tags", { tags })} />
      </div>
      <TextField label="Notes" {...at("notes")} value={draft.notes} onChange={(notes) => change("notes", { notes })} />
      <Reason value={draft.reason} at={at} onChange={(reason) => change("reason", { reason })} />
    </>
  );
}

// What a part of a trade is called when it is closed on its own.
const PART = /\/\d+$/;

export function CancelDialog({ trade, onClose, onKept }: Props) {
  const entry = useEntry(() => ({ reason: "" }));
  const [cancel, { loading, error }] = useMutation(CancelTradeDocument);
  const submit = async () => {
    const reason = entry.draft.reason.trim();
    if (!reason) return entry.refuse({ reason: "Say why: it is kept with the version" });
    const input = { id: trade.id, expectedVersion: trade.version, reason };
    const answer = await cancel({ variables: { input } }).catch(() => null);
    const payload = answer?.data?.cancelTrade;
    if (!payload) return;
    if (payload.userErrors.length > 0) return entry.refuse(serverFaults(payload.userErrors));
    await onKept();
    onClose();
  };
  return (
    <EntryDialog
      title="Cancel the trade"
      hint={`${named(trade)} leaves the books for good: no position, no cash, no profit. Its versions stay on record.${PART.test(trade.reference) ? " The shares do not go back to the trade they were a part of." : ""}`}
      submit="Take it out"
      danger
      busy={loading}
      error={error}
      faults={entry.faults}
      form={entry.form}
      onSubmit={submit}
      onClose={onClose}
    >
      <Reason value={entry.draft.reason} at={entry.at} onChange={(reason) => entry.change("reason", { reason })} />
    </EntryDialog>
  );
}

type ReasonProps = {
  value: string;
  at: (path: string) => { path: string; error?: string };
  onChange: (value: string) => void;
};

function Reason({ value, at, onChange }: ReasonProps) {
  return (
    <TextField
      label="Reason"
      {...at("reason")}
      maxLength={500}
      placeholder="Why it changes"
      value={value}
      onChange={onChange}
    />
  );
}
