import { useId, useState } from "react";
import { Button } from "../ui/Button";
import { TextField } from "../ui/Field";
import { day } from "../ui/format";
import { Segmented } from "../ui/Segmented";
import css from "./Controls.module.css";
import { dayAfter, daysBetween, today, type useView } from "./view";

const CURRENCIES = [
  { value: "AUD", label: "AUD" },
  { value: "USD", label: "USD" },
] as const;

type Props = { state: ReturnType<typeof useView>; recordedSince: string | null };

/** From where the books are looked at: a day, an instant of knowledge, a currency. */
export function Controls({ state, recordedSince }: Props) {
  const { view, on, set } = state;
  return (
    <div className={css.controls}>
      <TextField
        label="At the end of"
        path="on"
        type="date"
        value={on ?? ""}
        placeholder="today"
        onChange={(value) => set("on", value || null)}
      />
      <Knowledge state={state} recordedSince={recordedSince} />
      <Segmented
        label="Currency"
        value={view.currency}
        options={CURRENCIES}
        onChange={(next) => set("currency", next)}
      />
    </div>
  );
}

/** The days since the first record, and the last of them is now. */
function Knowledge({ state: { known, set }, recordedSince }: Props) {
  const id = useId();
  const now = today();
  const first = recordedSince?.slice(0, 10) ?? now;
  const span = Math.max(0, daysBetween(first, now));
  const chosen = known === null ? span : Math.min(span, Math.max(0, daysBetween(first, known)));
  const [dragged, setDragged] = useState<number | null>(null);
  const at = dragged ?? chosen;
  const settle = () => {
    if (dragged === null) return;
    set("known", dragged === span ? null : dayAfter(first, dragged));
    setDragged(null);
  };
  const words = at === span ? "now" : `the end of ${day(dayAfter(first, at))}`;
  return (
    <div className={css.knowledge}>
      <label htmlFor={id}>
        As known at <b>{words}</b>
      </label>
      <div className={css.row}>
        <input
          id={id}
          type="range"
          min={0}
          max={span}
          value={at}
          disabled={span === 0}
          aria-valuetext={words}
          onChange={(event) => setDragged(Number(event.target.value))}
          onPointerUp={settle}
          onKeyUp={settle}
          onBlur={settle}
        />
        <Button small disabled={known === null} onClick={() => set("known", null)}>
          Now
        </Button>
      </div>
      <p className={css.hint}>
        {span === 0
          ? "Everything was recorded today: there is no earlier knowledge to go back to."
          : "What was recorded or corrected later is left out."}
      </p>
    </div>
  );
}
