import { NOTHING } from "../ui/format";
import { Tooltip } from "../ui/Tooltip";
import css from "./Kpis.module.css";
import { exact, type MetricSpec, whyUndefined, write } from "./metrics";

type Props = { spec: MetricSpec; value: number | string | null | undefined; reasons: unknown; currency: string };

/** One of the API's figures, or why there is none. */
export function Figure({ spec, value, reasons, currency }: Props) {
  if (value == null)
    return (
      <span className={css.none}>
        <Tooltip tip={<>Undefined because {whyUndefined(reasons, spec.name)}.</>}>{NOTHING}</Tooltip>
      </span>
    );
  const negative = spec.unit === "percent" && Number(value) < 0;
  return (
    <span className={negative ? css.loss : undefined} data-metric={spec.name} data-value={value} title={exact(value)}>
      {write(spec, value)}
      {spec.unit === "money" && <span className={css.unit}>{currency}</span>}
    </span>
  );
}
