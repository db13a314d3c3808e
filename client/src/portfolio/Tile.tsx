import type { ReactNode } from "react";
import { Tooltip } from "../ui/Tooltip";
import css from "./Tiles.module.css";

export function Tiles({ label, children }: { label: string; children: ReactNode }) {
  return (
    <section className={css.tiles} aria-label={label}>
      {children}
    </section>
  );
}

type Props = { label: string; tip: ReactNode; note?: ReactNode; tone?: string | undefined; children: ReactNode };

export function Tile({ label, tip, note, tone, children }: Props) {
  return (
    <div className={css.tile}>
      <span className={css.label}>
        <Tooltip tip={tip}>{label}</Tooltip>
      </span>
      <span className={`${css.value} ${tone ?? ""}`}>{children}</span>
      <span className={css.note}>{note}</span>
    </div>
  );
}
