import type { ReactNode } from "react";
import { Button } from "./Button";
import { Icon } from "./Icon";
import css from "./Table.module.css";

/** A table that scrolls inside its own frame; the frame takes the keyboard, so it can be scrolled without a mouse. */
export function Table({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className={css.scroll} role="region" aria-label={label} tabIndex={0}>
      <table className={css.table} aria-label={label}>
        {children}
      </table>
    </div>
  );
}

type PagerProps = {
  from: number;
  shown: number;
  total: number | null;
  hasNext: boolean;
  busy: boolean;
  onPrevious: () => void;
  onNext: () => void;
};

export function Pager({ from, shown, total, hasNext, busy, onPrevious, onNext }: PagerProps) {
  const of = total === null ? "of more than 10,000" : `of ${total.toLocaleString("en-AU")}`;
  return (
    <nav className={css.foot} aria-label="Pages">
      <span aria-live="polite">
        {shown ? `${from.toLocaleString("en-AU")}–${(from + shown - 1).toLocaleString("en-AU")} ${of}` : "None"}
      </span>
      <div>
        <Button small disabled={from === 1 || busy} onClick={onPrevious}>
          <Icon name="left" />
          Previous
        </Button>
        <Button small disabled={!hasNext || busy} onClick={onNext}>
          Next
          <Icon name="right" />
        </Button>
      </div>
    </nav>
  );
}

export { css as table };
