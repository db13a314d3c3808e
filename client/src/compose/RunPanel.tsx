import type { RunBacktestInput, StrategyChoiceFragment } from "../graphql/generated";
import { Button } from "../ui/Button";
import { FieldError, TextField } from "../ui/Field";
import { day, enumWords, integer } from "../ui/format";
import { Icon } from "../ui/Icon";
import { LoadError } from "../ui/Notice";
import type { SearchKind } from "../sweeps/searchDraft";
import type { Group } from "./ComposeForm";
import { RunEstimate } from "./RunEstimate";
import css from "./RunPanel.module.css";

type Props = Group & {
  input: RunBacktestInput | null;
  strategy: StrategyChoiceFragment;
  start: string;
  kind: SearchKind;
  failure: Error | undefined;
  running: boolean;
  onRetry: () => void;
};

const VERBS: Record<SearchKind, string> = {
  backtest: "Run backtest",
  sweep: "Run sweep",
  walk: "Run walk-forward",
};

export function RunPanel({ input, strategy, draft, start, faults, kind, failure, running, onRetry, change }: Props) {
  const wrong = Object.keys(faults).length;
  return (
    <aside className={css.panel} aria-label="Summary">
      <div>
        <h2>{strategy.name}</h2>
        <p className={css.summary}>{strategy.summary}</p>
        <a className={css.more} href={`/strategies/${strategy.key}`} target="_blank" rel="noreferrer">
          Where it is weak, and what you have tried<span className="visually-hidden"> (opens a new tab)</span>
        </a>
      </div>
      <dl className={css.list}>
        <div>
          <dt>Needs</dt>
          <dd>
            {strategy.requires.map(enumWords).join(", ")}; {integer(strategy.minimumHistory)}{" "}
            {strategy.minimumHistory === 1 ? "session" : "sessions"} before the first decision
          </dd>
        </div>
        <div>
          <dt>Based on</dt>
          <dd>
            <ul>
              {strategy.references.map((reference) => (
                <li key={reference}>{reference}</li>
              ))}
            </ul>
          </dd>
        </div>
        <div>
          <dt>Will run</dt>
          <dd>
            {market(draft)}, {draft.currency}
            {start && `, from ${day(start)}`}
            {draft.end && ` to ${day(draft.end)}`}
          </dd>
        </div>
      </dl>
      <div className={css.run}>
        <TextField
          label="Name"
          path="name"
          value={draft.name}
          maxLength={200}
          placeholder="optional"
          onChange={(name) => change("name", { name })}
          {...(faults.name && { error: faults.name })}
        />
        {faults[""] && <FieldError>{faults[""]}</FieldError>}
        {wrong > 0 && !faults[""] && (
          <FieldError>{wrong === 1 ? "One field needs" : `${wrong} fields need`} your attention</FieldError>
        )}
        {failure && <LoadError error={failure} onRetry={onRetry} />}
        {/* Left by the press, a field would show its fault, move the button, and the click would miss. */}
        <Button
          type="submit"
          look="primary"
          disabled={running}
          onMouseDown={(event) => event.preventDefault()}
          onClick={(event) => event.currentTarget.focus()}
        >
          <Icon name="play" />
          {running ? "Sending" : VERBS[kind]}
        </Button>
        {/* It comes when it is known: above the button it would move it under the pointer. */}
        <RunEstimate input={input} />
      </div>
    </aside>
  );
}

function market({ source, universe, symbols }: Group["draft"]): string {
  if (source === "universe") return universe;
  return symbols.length
    ? symbols.slice(0, 4).join(", ") + (symbols.length > 4 ? ` and ${symbols.length - 4} more` : "")
    : "no symbols yet";
}
