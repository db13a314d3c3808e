import type { ReactNode } from "react";
import type { GuardsPartFragment } from "../graphql/generated";
import { Card } from "../ui/Card";
import { money, percent, sentence, words } from "../ui/format";
import { Icon } from "../ui/Icon";
import { flagWords } from "./flags";
import css from "./Guards.module.css";

type GuardsData = NonNullable<GuardsPartFragment["guards"]>;

export function Guards({ run, currency }: { run: GuardsPartFragment; currency: string }) {
  const { guards } = run;
  if (!guards) return null;
  return (
    <Card title="Guards and data" hint="What was checked, and what to keep in mind.">
      <ul className={css.list}>
        <Lookahead guards={guards} />
        <Item
          tone={guards.fillsOnRealBars ? "good" : "bad"}
          title={guards.fillsOnRealBars ? "Fills on real bars only" : "Some fills were not on real bars"}
        >
          {guards.fillsOnRealBars
            ? "No order was filled on a day without a price of its own."
            : "Orders were filled where the market shows no price."}
        </Item>
        {guards.survivorshipGapCagr !== null && (
          <Item tone="note" title="Survivorship gap">
            The same run on today's members would show {percent(guards.survivorshipGapCagr)} per year more.
          </Item>
        )}
        {guards.smallestViableCapital !== null && (
          <Item tone="note" title="Smallest viable capital">
            {viability(money(guards.smallestViableCapital, currency), run.diagnostics)}
          </Item>
        )}
        {guards.missingData.length > 0 && (
          <Item tone="bad" title="Missing data">
            {guards.missingData.join("; ")}
          </Item>
        )}
        {guards.flags.map((flag) => {
          const known = flagWords(flag);
          return (
            <Item key={flag} tone="note" title={known?.title ?? words(flag)}>
              {known?.detail}
            </Item>
          );
        })}
      </ul>
    </Card>
  );
}

function Lookahead({ guards }: { guards: GuardsData }) {
  const { lookaheadFree, lookaheadDetail } = guards;
  if (lookaheadFree === null)
    return (
      <Item tone="note" title="Look-ahead not checked">
        {lookaheadDetail && sentence(lookaheadDetail)}
      </Item>
    );
  return (
    <Item tone={lookaheadFree ? "good" : "bad"} title={lookaheadFree ? "No look-ahead" : "The strategy looked ahead"}>
      {lookaheadDetail && sentence(lookaheadDetail)}
    </Item>
  );
}

/** The search begins somewhere: of less than that nothing is known where even the least keeps up. */
function viability(capital: string, diagnostics: unknown) {
  const found = (diagnostics as { smallest_viable_capital?: { verdict?: string } } | null)?.smallest_viable_capital;
  return found?.verdict === "always"
    ? `${capital}, the least capital tried, already keeps up with the benchmark.`
    : `Below ${capital}, costs and whole shares leave the run behind its benchmark.`;
}

const ICONS = { good: "check", bad: "warn", note: "info" } as const;

function Item({ tone, title, children }: { tone: keyof typeof ICONS; title: string; children?: ReactNode }) {
  return (
    <li className={`${css.item} ${css[tone]}`}>
      <Icon name={ICONS[tone]} size={17} />
      <div>
        <b>{title}</b>
        {children && <p>{children}</p>}
      </div>
    </li>
  );
}
