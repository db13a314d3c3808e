import { useMutation } from "@apollo/client/react";
import { type FocusEvent, type FormEvent, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { type ComposeCatalogueQuery, RunBacktestDocument } from "../graphql/generated";
import { useKept } from "../session/kept";
import { Card } from "../ui/Card";
import css from "./Compose.module.css";
import { ConstraintFields, CostFields, ExecutionFields } from "./CostFields";
import { type Draft, parametersOf, toInput } from "./draft";
import { type Faults, findFaults, serverFaults } from "./faults";
import { MarketFields } from "./MarketFields";
import { ParameterFields } from "./ParameterFields";
import { RunPanel } from "./RunPanel";
import { StrategyPicker } from "./StrategyPicker";
import { SearchFields } from "../sweeps/SearchFields";
import { newSearch, type SearchKind, searchFaults } from "../sweeps/searchDraft";
import { useSearch } from "../sweeps/useSearch";
import { fieldsOf } from "./schema";
import { useSpan } from "./useSpan";

type Props = Pick<ComposeCatalogueQuery, "strategies" | "universes"> & { initial: Draft; kind: SearchKind };

/** What the groups of fields share: the draft, a way to change it, and what is wrong with it. */
export type Group = { draft: Draft; change: (path: string, patch: Partial<Draft>) => void; faults: Faults };

export function ComposeForm({ strategies, universes, initial, kind }: Props) {
  const [draft, setDraft] = useKept("draft", initial);
  const [search, setSearch] = useKept("search", newSearch(kind));
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  const [refused, setRefused] = useState<Faults>({});
  const form = useRef<HTMLFormElement>(null);
  const navigate = useNavigate();
  const [run, running] = useMutation(RunBacktestDocument);
  const searching = useSearch();

  const strategy = strategies.find((each) => each.key === draft.strategy)!;
  const span = useSpan(draft, strategy);
  const fields = fieldsOf(strategy.parameterSchema);
  const own = { ...findFaults(draft, strategy, draft.start || span.start), ...searchFaults(search, fields) };
  const faults: Faults = {
    ...Object.fromEntries(Object.entries(own).filter(([path]) => touched.has(path))),
    ...refused,
  };

  const change = (path: string, patch: Partial<Draft>) => {
    setDraft((before) => ({ ...before, ...patch }));
    setRefused(({ [path]: _mended, "": _general, ...rest }) => rest);
  };
  const changeSearch = (path: string, patch: Partial<typeof search>) => {
    setSearch((before) => ({ ...before, ...patch }));
    setRefused(({ [path]: _mended, "": _general, ...rest }) =>
      Object.fromEntries(Object.entries(rest).filter(([other]) => !other.startsWith("axes"))),
    );
  };
  const touch = (event: FocusEvent<HTMLElement>) => {
    const { path } = event.target.dataset;
    if (path) setTouched((before) => new Set(before).add(path));
  };
  const focusFirst = (wrong: Faults) => {
    const controls = [...(form.current?.querySelectorAll<HTMLElement>("[data-path]") ?? [])];
    const first = controls.find((control) => wrong[control.dataset.path!]);
    first?.closest("details")?.setAttribute("open", "");
    first?.focus();
  };

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setTouched(new Set(Object.keys(own)));
    if (Object.keys(own).length > 0) return focusFirst(own);
    const input = toInput(draft, strategy, { start: span.start });
    if (search.kind !== "backtest") {
      const wrong = await searching.start(input, search, fields);
      if (wrong) {
        setRefused(wrong);
        focusFirst(wrong);
      }
      return;
    }
    const answer = await run({ variables: { input } }).catch(() => null);
    const payload = answer?.data?.runBacktest;
    if (!payload) return;
    if (payload.backtest)
      return void navigate(`/backtests/${payload.backtest.id}`, { state: { reused: payload.reused } });
    const wrong = serverFaults(payload.userErrors);
    setRefused(wrong);
    focusFirst(wrong);
  };

  const group: Group = { draft, change, faults };
  return (
    <form
      ref={form}
      className={css.layout}
      onSubmit={(event) => void submit(event)}
      onBlur={touch}
      noValidate
      aria-label="New backtest"
    >
      <div className={css.sections}>
        <StrategyPicker
          strategies={strategies}
          chosen={draft.strategy}
          fault={faults.strategy}
          onChoose={(key) => {
            change("strategy", {
              strategy: key,
              allocator: "",
              parameters: parametersOf(strategies.find((each) => each.key === key)!),
            });
            setSearch((before) => ({ ...before, axes: [] }));
          }}
        />
        <Card
          title={`Parameters of ${strategy.name.toLowerCase()}`}
          hint="Counted in trading sessions where a length is meant."
        >
          <ParameterFields strategy={strategy} strategies={strategies} {...group} />
        </Card>
        <SearchFields search={search} fields={fields} faults={faults} change={changeSearch} />
        <MarketFields universes={universes} span={span} {...group} />
        <CostFields {...group} />
        <ConstraintFields strategy={strategy} {...group} />
        <ExecutionFields {...group} />
      </div>
      <RunPanel
        input={Object.keys(own).length > 0 ? null : toInput(draft, strategy, { start: span.start })}
        strategy={strategy}
        draft={draft}
        start={draft.start || span.start}
        faults={faults}
        kind={search.kind}
        failure={running.error ?? searching.error}
        running={running.loading || searching.loading}
        onRetry={() => form.current?.requestSubmit()}
        change={change}
      />
    </form>
  );
}
