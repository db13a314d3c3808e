import { useMutation, useQuery } from "@apollo/client/react";
import { serverFaults } from "../compose/faults";
import { CashFlowListDocument, type Currency, type FlowRowFragment, RecordCashDocument } from "../graphql/generated";
import { Button } from "../ui/Button";
import { SelectField, TextField } from "../ui/Field";
import { day, decimal } from "../ui/format";
import { Icon } from "../ui/Icon";
import { Empty, LoadError } from "../ui/Notice";
import { Segmented } from "../ui/Segmented";
import { SkeletonRows } from "../ui/Skeleton";
import { Pager, Table, table } from "../ui/Table";
import { usePages } from "../ui/usePages";
import { cashFaults, CURRENCIES, newFlow, toFlowInput } from "./drafts";
import { EntryDialog } from "./EntryDialog";
import css from "./Trades.module.css";
import { useEntry } from "./useEntry";

const PAGE = 20;
const WAYS = [
  { value: "in", label: "Deposit" },
  { value: "out", label: "Withdrawal" },
] as const;

export function CashFlows({ onRecord }: { onRecord: () => void }) {
  const pages = usePages(PAGE);
  const { data, previousData, error, loading, refetch } = useQuery(CashFlowListDocument, {
    variables: { first: PAGE, after: pages.after },
    fetchPolicy: "cache-and-network",
  });
  const flows = (data ?? previousData)?.cashFlows;
  if (error) return <LoadError error={error} onRetry={() => void refetch()} />;
  if (!flows)
    return (
      <div className={`${css.frame} ${css.bones}`}>
        <SkeletonRows label="Loading deposits and withdrawals" rows={5} height={36} />
      </div>
    );
  if (flows.nodes.length === 0) return <NoFlows onRecord={onRecord} />;
  return (
    <div className={`${css.frame} ${data ? "" : css.stale}`}>
      <Table label="Deposits and withdrawals">
        <thead>
          <tr>
            <th scope="col">Day</th>
            <th scope="col">What it was</th>
            <th scope="col" className={table.num}>
              Amount
            </th>
            <th scope="col" className={table.num}>
              Rate
              <div>AUD for 1</div>
            </th>
          </tr>
        </thead>
        <tbody>
          {flows.nodes.map((flow) => (
            <FlowLine key={flow.id} flow={flow} />
          ))}
        </tbody>
      </Table>
      <Pager
        from={pages.from}
        shown={flows.nodes.length}
        total={flows.totalCount}
        hasNext={flows.pageInfo.hasNextPage}
        busy={loading && !data}
        onPrevious={pages.previous}
        onNext={() => pages.next(flows.pageInfo.endCursor)}
      />
    </div>
  );
}

function FlowLine({ flow }: { flow: FlowRowFragment }) {
  return (
    <tr>
      <th scope="row">{day(flow.date)}</th>
      <td className={css.words}>{flow.reason}</td>
      <td className={`${table.num} ${flow.amount.startsWith("-") ? table.loss : table.gain}`}>
        {decimal(flow.amount, 2)} <span className={css.unit}>{flow.currency}</span>
      </td>
      <td className={table.num}>{flow.currency === "AUD" ? "" : decimal(flow.fxRate, 4)}</td>
    </tr>
  );
}

function NoFlows({ onRecord }: { onRecord: () => void }) {
  return (
    <div className={css.frame}>
      <Empty
        title="No money has moved yet"
        action={
          <Button look="primary" onClick={onRecord}>
            <Icon name="plus" />
            Record a deposit
          </Button>
        }
      >
        <p>Returns can only be stated when it is known what was put in and taken out, and when.</p>
      </Empty>
    </div>
  );
}

export function CashDialog({ onClose, onKept }: { onClose: () => void; onKept: () => Promise<unknown> }) {
  const entry = useEntry(() => newFlow(new Date()));
  const { draft, change, at } = entry;
  const [record, { loading, error }] = useMutation(RecordCashDocument);
  const submit = async () => {
    const own = cashFaults(draft, new Date());
    if (Object.keys(own).length > 0) return entry.refuse(own);
    const answer = await record({ variables: { input: toFlowInput(draft, entry.key) } }).catch(() => null);
    const payload = answer?.data?.recordCashFlow;
    if (!payload) return;
    if (payload.userErrors.length > 0) return entry.refuse(serverFaults(payload.userErrors));
    await onKept();
    onClose();
  };
  return (
    <EntryDialog
      title="Record money"
      hint="What came into the account or left it. A wrong entry is mended by its opposite."
      submit="Record it"
      busy={loading}
      error={error}
      faults={entry.faults}
      form={entry.form}
      onSubmit={submit}
      onClose={onClose}
    >
      <Segmented label="Which way" value={draft.way} options={WAYS} onChange={(way) => change("way", { way })} />
      <div className={css.three}>
        <TextField
          label="Day"
          {...at("date")}
          type="date"
          value={draft.date}
          onChange={(date) => change("date", { date })}
        />
        <TextField
          label="Amount"
          {...at("amount")}
          inputMode="decimal"
          unit={draft.currency}
          value={draft.amount}
          onChange={(amount) => change("amount", { amount })}
        />
        <SelectField
          label="Currency"
          {...at("currency")}
          value={draft.currency}
          options={CURRENCIES}
          onChange={(currency) => change("currency", { currency: currency as Currency })}
        />
      </div>
      {draft.currency !== "AUD" && (
        <TextField
          label="Rate"
          {...at("fxRate")}
          inputMode="decimal"
          unit={`AUD for 1 ${draft.currency}`}
          placeholder="Stored fixing of that day"
          value={draft.fxRate}
          onChange={(fxRate) => change("fxRate", { fxRate })}
        />
      )}
      <TextField
        label="What it was"
        {...at("reason")}
        maxLength={500}
        placeholder="Monthly savings"
        value={draft.reason}
        onChange={(reason) => change("reason", { reason })}
      />
    </EntryDialog>
  );
}
