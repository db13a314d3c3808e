import css from "./Progress.module.css";

/** `value` runs 0..1, as the job reports it. */
export function Progress({ value, label }: { value: number; label: string }) {
  const now = Math.round(value * 100);
  return (
    <div
      className={css.bar}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={now}
    >
      <div className={css.fill} style={{ width: `${Math.max(now, 2)}%` }} />
    </div>
  );
}
