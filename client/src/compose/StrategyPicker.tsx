import { useState } from "react";
import type { StrategyChoiceFragment } from "../graphql/generated";
import { Button } from "../ui/Button";
import { Card } from "../ui/Card";
import { FieldError } from "../ui/Field";
import { familyWords } from "../strategies/find";
import css from "./StrategyPicker.module.css";

type Props = {
  strategies: readonly StrategyChoiceFragment[];
  chosen: string;
  fault: string | undefined;
  onChoose: (key: string) => void;
};

/** A phone shows the one that is chosen, and the others when they are asked for. */
export function StrategyPicker({ strategies, chosen, fault, onChoose }: Props) {
  const [open, setOpen] = useState(false);
  return (
    <Card
      title="Strategy"
      hint="The rule that decides what is held."
      tools={
        <div className={css.toggle}>
          <Button small aria-expanded={open} onClick={() => setOpen(!open)}>
            {open ? "Keep this one" : `Choose among ${strategies.length}`}
          </Button>
        </div>
      }
    >
      <fieldset className={`${css.cards} ${open ? "" : css.folded}`}>
        <legend className="visually-hidden">Strategy</legend>
        {strategies.map((strategy) => (
          <label key={strategy.key} className={css.card}>
            <input
              type="radio"
              name="strategy"
              value={strategy.key}
              data-path="strategy"
              checked={strategy.key === chosen}
              onChange={() => {
                setOpen(false);
                onChoose(strategy.key);
              }}
            />
            <span className={css.name}>
              {strategy.name}
              <span className={css.family}>{familyWords(strategy.family)}</span>
            </span>
            <span className={css.summary}>{strategy.summary}</span>
          </label>
        ))}
      </fieldset>
      {fault && <FieldError>{fault}</FieldError>}
    </Card>
  );
}
