import type { StrategyChoiceFragment } from "../graphql/generated";
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

export function StrategyPicker({ strategies, chosen, fault, onChoose }: Props) {
  return (
    <Card title="Strategy" hint="The rule that decides what is held.">
      <fieldset className={css.cards}>
        <legend className="visually-hidden">Strategy</legend>
        {strategies.map((strategy) => (
          <label key={strategy.key} className={css.card}>
            <input
              type="radio"
              name="strategy"
              value={strategy.key}
              data-path="strategy"
              checked={strategy.key === chosen}
              onChange={() => onChoose(strategy.key)}
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
