import css from "./Skeleton.module.css";

/** Holds the place of what is loading, at its height, so that nothing jumps. */
export function Skeleton({ height, width = "100%" }: { height: number | string; width?: number | string }) {
  return <span className={css.bone} style={{ height, width }} />;
}

export function SkeletonRows({ label, rows, height }: { label: string; rows: number; height: number }) {
  return (
    <div className={css.stack} role="status" aria-busy="true" aria-label={label}>
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} height={height} />
      ))}
    </div>
  );
}
