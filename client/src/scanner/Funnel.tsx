import type { ScanResultQuery } from "../graphql/generated";
import { Card } from "../ui/Card";
import { integer } from "../ui/format";
import { Table, table } from "../ui/Table";
import css from "./Scanner.module.css";

type Step = NonNullable<ScanResultQuery["scan"]>["funnel"][number];

/** Where everybody went: in each row, who entered passed, failed, or could not be judged. */
export function Funnel({ steps }: { steps: readonly Step[] }) {
  const whole = Math.max(1, steps[0]?.entered ?? 0);
  return (
    <Card
      title="Funnel"
      hint="Each rule is asked of those who passed the ones above. Who lacks the data for it is unknown, and out."
      flush
    >
      <Table label="Funnel">
        <thead>
          <tr>
            <th scope="col">Rule</th>
            <th scope="col" className={table.num}>
              In
            </th>
            <th scope="col" className={table.num}>
              Passed
            </th>
            <th scope="col" className={table.num}>
              Failed
            </th>
            <th scope="col" className={table.num}>
              Unknown
            </th>
            <th scope="col" className={css.barHead}>
              <span className="visually-hidden">Share of all</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {steps.map((step) => (
            <Row key={step.code} step={step} whole={whole} />
          ))}
        </tbody>
      </Table>
    </Card>
  );
}

function Row({ step, whole }: { step: Step; whole: number }) {
  const share = (count: number) => ({ width: `${(100 * count) / whole}%` });
  return (
    <tr className={step.entered === 0 ? table.faint : undefined}>
      <th scope="row" className={css.rule}>
        {step.name} {step.asked && <span className={css.asked}>{step.asked}</span>}
        {step.because.map((reason) => (
          <span key={reason} className={css.because}>
            {reason}
          </span>
        ))}
      </th>
      <td className={table.num}>{integer(step.entered)}</td>
      <td className={table.num}>{integer(step.passed)}</td>
      <td className={table.num}>{integer(step.failed)}</td>
      <td className={`${table.num} ${step.unknown > 0 ? css.unknown : ""}`}>{integer(step.unknown)}</td>
      <td className={css.bar} aria-hidden="true">
        <span>
          <i style={share(step.passed)} />
          <i data-part="unknown" style={share(step.unknown)} />
          <i data-part="failed" style={share(step.failed)} />
        </span>
      </td>
    </tr>
  );
}
