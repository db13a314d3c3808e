import { useMutation } from "@apollo/client/react";
import { type ChangeEvent, useState } from "react";
import { serverFaults } from "../compose/faults";
import { failureOf } from "../failure";
import { ImportTradeFileDocument, type ImportTradeFileMutation } from "../graphql/generated";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Field, FieldError } from "../ui/Field";
import { day, decimal, NOTHING } from "../ui/format";
import { Icon } from "../ui/Icon";
import { Notice } from "../ui/Notice";
import { Table, table } from "../ui/Table";
import { price } from "./price";
import css from "./Trades.module.css";

type Preview = ImportTradeFileMutation["importTrades"];
type Props = { onClose: () => void; onKept: () => Promise<unknown> };

const MOST = 200_000;
const SHOWN = 100;
const counted = (count: number, one: string, many = `${one}s`) =>
  `${count.toLocaleString("en-AU")} ${count === 1 ? one : many}`;

export function ImportDialog({ onClose, onKept }: Props) {
  const [csv, setCsv] = useState("");
  const [fault, setFault] = useState<string | null>(null);
  const [preview, setPreview] = useState<Preview | null>(null);
  const [bring, { loading, error }] = useMutation(ImportTradeFileDocument);

  const send = async (dryRun: boolean) => {
    const answer = await bring({ variables: { input: { csv, dryRun } } }).catch(() => null);
    const payload = answer?.data?.importTrades;
    if (!payload) return null;
    setFault(Object.values(serverFaults(payload.userErrors)).join(". ") || null);
    return payload.userErrors.length > 0 ? null : payload;
  };
  const change = (text: string) => {
    setCsv(text);
    setPreview(null);
    setFault(text.length > MOST ? `The file has more than ${counted(MOST, "character")}; split it` : null);
  };
  const show = async () => setPreview(await send(true));
  const write = async () => {
    if (!(await send(false))) return;
    await onKept();
    onClose();
  };
  return (
    <Dialog
      title="Import trades"
      hint="A comma-separated file whose first line names the columns. You see what would come of it before anything is written."
      onClose={onClose}
    >
      <div className={css.form}>
        <FileFields csv={csv} onChange={change} />
        {fault && <FieldError>{fault}</FieldError>}
        {error && <FieldError>{failureOf(error).detail}</FieldError>}
        {preview && <Outcome preview={preview} />}
        <div className={css.actions}>
          {preview ? (
            <Button look="primary" disabled={loading || preview.created.length === 0} onClick={() => void write()}>
              <Icon name="check" />
              {loading ? "Writing" : `Write ${counted(preview.created.length, "trade")}`}
            </Button>
          ) : (
            <Button look="primary" disabled={loading || !csv.trim() || fault !== null} onClick={() => void show()}>
              <Icon name="search" />
              {loading ? "Reading" : "Preview"}
            </Button>
          )}
          <Button onClick={onClose}>Back</Button>
        </div>
      </div>
    </Dialog>
  );
}

function FileFields({ csv, onChange }: { csv: string; onChange: (text: string) => void }) {
  const read = async (event: ChangeEvent<HTMLInputElement>) => {
    const file = event.target.files?.[0];
    if (file) onChange(await file.text());
  };
  return (
    <>
      <Field label="File" path="file">
        {(wiring) => <input {...wiring} type="file" accept=".csv,text/csv" onChange={(event) => void read(event)} />}
      </Field>
      <Field
        label="Or its text"
        path="csv"
        hint="Needed: symbol, side, quantity, entry_price, entry_at. Known: reference, commission, currency, exit_price, exit_at, exit_commission, fx_rate_at_entry, fx_rate_at_exit, strategy, signal_score, notes, tags."
      >
        {(wiring) => (
          <textarea
            {...wiring}
            className={css.text}
            rows={6}
            spellCheck={false}
            value={csv}
            placeholder={"symbol,side,quantity,entry_price,entry_at\nBHP.AX,BUY,100,45.20,2026-01-08"}
            onChange={(event) => onChange(event.target.value)}
          />
        )}
      </Field>
    </>
  );
}

function Outcome({ preview: { created, duplicates, rejected } }: { preview: Preview }) {
  return (
    <section aria-label="Preview" className={css.form} aria-live="polite">
      <Notice
        tone={rejected.length > 0 ? "warn" : created.length > 0 ? "good" : "plain"}
        title={`${counted(created.length, "new trade")}, ${duplicates.length} already there, ${rejected.length} not taken`}
      >
        {duplicates.length > 0 && (
          <p className={css.words}>
            Already there: {duplicates.slice(0, 10).join(", ")}
            {duplicates.length > 10 && ` and ${duplicates.length - 10} more`}
          </p>
        )}
      </Notice>
      {rejected.length > 0 && (
        <Table label="Rows that are not taken">
          <thead>
            <tr>
              <th scope="col" className={table.num}>
                Line
              </th>
              <th scope="col">Why not</th>
            </tr>
          </thead>
          <tbody>
            {rejected.slice(0, SHOWN).map((row) => (
              <tr key={row.line}>
                <td className={table.num}>{row.line}</td>
                <td className={css.words}>
                  {row.reason}
                  <span className={`${css.sub} ${css.raw}`}>{row.text}</span>
                </td>
              </tr>
            ))}
          </tbody>
        </Table>
      )}
      {created.length > 0 && <Created rows={created.slice(0, SHOWN)} more={created.length - SHOWN} />}
    </section>
  );
}

function Created({ rows, more }: { rows: Preview["created"]; more: number }) {
  return (
    <>
      <Table label="New trades">
        <thead>
          <tr>
            <th scope="col">Trade</th>
            <th scope="col" className={table.num}>
              Quantity
            </th>
            <th scope="col" className={table.num}>
              Entry
            </th>
            <th scope="col" className={table.num}>
              Exit
            </th>
            <th scope="col" className={table.num}>
              Profit
              <div>AUD</div>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((trade) => (
            <tr key={trade.id}>
              <th scope="row">
                {trade.symbol}
                <span className={css.sub}>
                  {trade.side === "BUY" ? "Long" : "Short"} · {trade.reference}
                </span>
              </th>
              <td className={table.num}>{decimal(trade.quantity)}</td>
              <td className={table.num}>
                {price(trade.entryPrice)} <span className={css.unit}>{trade.currency}</span>
                <span className={css.sub}>{day(trade.entryOn)}</span>
              </td>
              <td className={table.num}>
                {trade.exitPrice ? price(trade.exitPrice) : NOTHING}
                {trade.exitOn && <span className={css.sub}>{day(trade.exitOn)}</span>}
              </td>
              <td className={table.num}>{trade.pnlAud === null ? NOTHING : decimal(trade.pnlAud, 2)}</td>
            </tr>
          ))}
        </tbody>
      </Table>
      {more > 0 && <p className={css.sub}>and {counted(more, "more", "more")}</p>}
    </>
  );
}
