import { Fragment, useState } from "react";
import { Sparkline } from "../charts/Sparkline";
import type { ScanHeadQuery, ScanResultQuery } from "../graphql/generated";
import { Button, ButtonLink } from "../ui/Button";
import { Card } from "../ui/Card";
import { day, integer, money, ratio } from "../ui/format";
import { Icon } from "../ui/Icon";
import { Empty } from "../ui/Notice";
import { Table, table } from "../ui/Table";
import { hitsAddress, rulesAddress } from "./composeAddress";
import { HitDetail } from "./HitDetail";
import type { HitValues } from "./hit";
import css from "./Scanner.module.css";

type Found = NonNullable<ScanResultQuery["scan"]>;
type Hit = Found["hits"][number];
type Scan = NonNullable<ScanHeadQuery["scan"]>;
type Props = { scan: Scan; hits: readonly Hit[]; count: number; asked: number; funnel: Found["funnel"] };

const COLUMNS = 5;

export function Hits({ scan, hits, count, asked, funnel }: Props) {
  const [open, setOpen] = useState<string | null>(null);
  if (hits.length === 0) return <Nobody funnel={funnel} />;
  const symbols = hits.map((hit) => hit.symbol);
  const rules = rulesAddress({
    scanner: scan.scanner.key,
    parameters: scan.parameters as Record<string, unknown>,
    universe: scan.universe,
  });
  return (
    <Card
      title={`${integer(count)} of ${integer(asked)} passed every rule`}
      hint={
        count > hits.length
          ? `The best ${integer(hits.length)} are shown. Score 0 to 100, ranked among those that passed.`
          : "Score 0 to 100 by percentile ranks; press a symbol for its reasons."
      }
      tools={
        <>
          <ButtonLink small to={hitsAddress({ symbols, start: scan.asOf })}>
            <Icon name="play" />
            Backtest these from {day(scan.asOf)}
          </ButtonLink>
          {rules && (
            <ButtonLink small to={rules}>
              <Icon name="again" />
              Backtest the rules
            </ButtonLink>
          )}
        </>
      }
      flush
    >
      <Table label="Hits">
        <thead>
          <tr>
            <th scope="col">Symbol</th>
            <th scope="col">Signal</th>
            <th scope="col" className={table.num}>
              Score
            </th>
            <th scope="col">Last quarter</th>
            <th scope="col" className={table.num}>
              Close
            </th>
          </tr>
        </thead>
        <tbody>
          {hits.map((hit) => (
            <Fragment key={hit.symbol}>
              <HitRow
                hit={hit}
                open={open === hit.symbol}
                onToggle={() => setOpen(open === hit.symbol ? null : hit.symbol)}
              />
              {open === hit.symbol && (
                <tr id={`reasons-${hit.symbol}`} className={css.detail}>
                  <td colSpan={COLUMNS}>
                    <HitDetail values={hit.values as HitValues} />
                  </td>
                </tr>
              )}
            </Fragment>
          ))}
        </tbody>
      </Table>
    </Card>
  );
}

function HitRow({ hit, open, onToggle }: { hit: Hit; open: boolean; onToggle: () => void }) {
  const values = hit.values as HitValues;
  return (
    <tr>
      <th scope="row">
        <Button
          small
          look="quiet"
          aria-expanded={open}
          aria-controls={open ? `reasons-${hit.symbol}` : undefined}
          aria-label={`Reasons for ${hit.symbol}`}
          onClick={onToggle}
        >
          <Icon name={open ? "down" : "right"} />
          {hit.symbol}
        </Button>
        {hit.instrument?.name && <span className={css.name}>{hit.instrument.name}</span>}
      </th>
      <td>
        <span className={css.signal} data-signal={hit.signal}>
          {hit.signal === "STRONG" ? "Strong" : "Watch"}
        </span>
      </td>
      <td className={table.num}>{ratio(hit.score, 1)}</td>
      <td>
        <Sparkline label={`Closes of ${hit.symbol} over the last quarter`} values={hit.sparkline} />
      </td>
      <td className={table.num}>{values.close !== null && money(values.close, values.currency, 2)}</td>
    </tr>
  );
}

/** Nobody passed: name the rule that let the last of them go, and what to do about it. */
function Nobody({ funnel }: { funnel: Found["funnel"] }) {
  const last = funnel.find((step) => step.entered > 0 && step.passed === 0);
  return (
    <Card title="Nobody passed every rule">
      <Empty title={last ? `The last ${integer(last.entered)} went at one rule` : "Nobody was there to ask"}>
        {last && (
          <p>
            {last.name} {last.asked}: {integer(last.failed)} failed, {integer(last.unknown)} could not be judged
            {last.because.length > 0 && ` (${last.because.join("; ")})`}.{" "}
            {last.unknown > last.failed
              ? "Empty that rule's field to leave it out, or scan a universe whose source carries the data."
              : "Loosen it, or choose another day."}
          </p>
        )}
      </Empty>
    </Card>
  );
}
