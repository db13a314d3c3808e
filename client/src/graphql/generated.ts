/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
/** How the chosen assets share the money, instead of the strategy's way. */
export type Allocator =
  | 'BLACK_LITTERMAN'
  | 'EQUAL_WEIGHT'
  | 'HRP'
  | 'INVERSE_VOLATILITY'
  | 'MEAN_VARIANCE'
  | 'NCO'
  | 'RISK_BUDGETING';

/** Words to keep with a backtest. What is left out stays as it is. */
export type AnnotateBacktestInput = {
  /** Id of the backtest. */
  id: string | number;
  /** New name; null removes it. */
  name?: string | null | undefined;
  /** New notes; null removes them. */
  notes?: string | null | undefined;
};

/** Which backtests to list; what is left out does not matter. */
export type BacktestFilter = {
  /** Only those whose name or notes hold this. */
  search?: string | null | undefined;
  /** Only those whose job stands here. */
  status?: JobStatus | null | undefined;
  /** Only this strategy, by its key. */
  strategy?: string | null | undefined;
  /** Only this universe, by its key. */
  universe?: string | null | undefined;
};

/** How to sort backtests; those without the figure come last. */
export type BacktestOrder = {
  /** Which way to sort. */
  direction?: Direction;
  /** What to sort by. */
  field?: BacktestOrderField;
};

/** What a list of backtests is sorted by; runs without it come last. */
export type BacktestOrderField =
  | 'CAGR'
  | 'CREATED_AT'
  | 'DEFLATED_SHARPE'
  | 'MAX_DRAWDOWN'
  | 'SHARPE';

/** Bounds on weights and turnover. */
export type ConstraintsInput = {
  /** What a group is. */
  groupBy?: GroupBy | null | undefined;
  /** Largest weight of a group; none if left out. */
  groupCap?: number | null | undefined;
  /** Most assets held at once; any number if left out. */
  maxPositions?: number | null | undefined;
  /** Largest one-way turnover of a rebalance; none if left out. */
  maxTurnover?: number | null | undefined;
  /** Largest weight of an asset. */
  maxWeight?: number | null | undefined;
  /** Least weight of an asset that is held. */
  minWeight?: number | null | undefined;
  /** A weight this close to its target is left alone. */
  noTradeBand?: number | null | undefined;
};

/** What trading costs, in the run's currency. */
export type CostModelInput = {
  /** Annual interest on cash, as a fraction. */
  cashRate?: number | null | undefined;
  /** Commission as basis points of the traded value. */
  commissionBps?: number | null | undefined;
  /** Commission of each order. */
  commissionFlat?: string | null | undefined;
  /** Spread of a currency conversion, whole, of the converted amount. */
  fxSpreadBps?: number | null | undefined;
  /** Market impact: this times volatility times root participation. */
  impactCoefficient?: number | null | undefined;
  /** Largest share of a session's volume an order may take. */
  maxVolumeShare?: number | null | undefined;
  /** Least commission of an order; none if left out. */
  minimumCommission?: string | null | undefined;
  /** Slippage as basis points of the traded value. */
  slippageBps?: number | null | undefined;
};

/** Currency a run or a price is expressed in. */
export type Currency =
  | 'AUD'
  | 'USD';

/** NET of all costs, GROSS as if trading were free, LOCAL without currency moves. */
export type CurveBasis =
  | 'GROSS'
  | 'LOCAL'
  | 'NET';

/** At which market's close a run decides. */
export type DecisionClock =
  | 'ASX_CLOSE'
  | 'US_CLOSE';

/** Direction of a sort. */
export type Direction =
  | 'ASC'
  | 'DESC';

/** What kind of thing is wrong; `reason` may be finer. */
export type ErrorCode =
  | 'CONFLICT'
  | 'EXPIRED'
  | 'FORBIDDEN'
  | 'INFEASIBLE'
  | 'INSUFFICIENT_HISTORY'
  | 'INTERNAL'
  | 'INVALID'
  | 'LIMIT_EXCEEDED'
  | 'MISSING_DATA'
  | 'NOT_FOUND'
  | 'RESOURCE_EXHAUSTED'
  | 'STALE_VERSION'
  | 'TIMEOUT'
  | 'UNAVAILABLE'
  | 'UNKNOWN_SYMBOL';

/** Where an order is filled. NEXT_OPEN falls back to the next close where no open is known. DECISION_CLOSE is for replicating papers: it is not tradable, and guards say so. */
export type FillPolicy =
  | 'DECISION_CLOSE'
  | 'NEXT_CLOSE'
  | 'NEXT_OPEN';

/** How the assets of a group cap are grouped. */
export type GroupBy =
  | 'ASSET_CLASS'
  | 'CURRENCY'
  | 'EXCHANGE'
  | 'SECTOR';

/** Where a job stands; the last three are final. */
export type JobStatus =
  | 'CANCELLED'
  | 'FAILED'
  | 'QUEUED'
  | 'RUNNING'
  | 'SUCCEEDED';

/** On the last session of which period a run decides. */
export type Rebalance =
  | 'DAILY'
  | 'MONTHLY'
  | 'QUARTERLY'
  | 'WEEKLY';

/** Where the members of a universe trade. */
export type Region =
  | 'AU'
  | 'GLOBAL'
  | 'US';

/** A backtest to run. Give either `universe` or `symbols`. */
export type RunBacktestInput = {
  /** How the chosen assets share the money; the strategy's own if left out. */
  allocator?: Allocator | null | undefined;
  /** Symbol to compare with; the universe's own if left out, ^GSPC for symbols. */
  benchmark?: string | null | undefined;
  /** Bounds on weights and turnover. */
  constraints?: ConstraintsInput | null | undefined;
  /** What trading costs. */
  costs?: CostModelInput | null | undefined;
  /** Currency of all its money. */
  currency?: Currency | null | undefined;
  /** At which market's close it decides. */
  decisionClock?: DecisionClock | null | undefined;
  /** Last day; that of the last bar if left out. */
  end?: string | null | undefined;
  /** Where orders are filled. */
  fill?: FillPolicy | null | undefined;
  /** The same key is the same request: sending it twice runs it once. */
  idempotencyKey?: string | null | undefined;
  /** Money it begins with, in its currency. */
  initialCapital?: string | null | undefined;
  /** Stand at this instant: nothing that became known later is used. */
  knownAt?: string | null | undefined;
  /** A name to find it by. */
  name?: string | null | undefined;
  /** Its parameters, by the strategy's JSON Schema; defaults fill the rest. */
  parameters?: unknown;
  /** How often it decides; the strategy's own if left out. */
  rebalance?: Rebalance | null | undefined;
  /** First day of the run. */
  start: string;
  /** Key of the strategy, such as `momentum`. */
  strategy: string;
  /** Symbols to choose from instead. */
  symbols?: Array<string> | null | undefined;
  /** Key of the universe to choose from. */
  universe?: string | null | undefined;
  /** Whether orders are rounded to whole shares. */
  wholeShares?: boolean | null | undefined;
};

/** Side of an order. */
export type Side =
  | 'BUY'
  | 'SELL';

/** Area of ideas a strategy belongs to. */
export type StrategyFamily =
  | 'BENCHMARK'
  | 'BREAKOUT'
  | 'HARD_ASSETS'
  | 'MEAN_REVERSION'
  | 'META'
  | 'MOMENTUM'
  | 'REGIME'
  | 'RISK_PARITY'
  | 'STAT_ARB'
  | 'VOLATILITY';

export type BacktestListQueryVariables = Exact<{
  filter?: BacktestFilter | null | undefined;
  orderBy?: BacktestOrder | null | undefined;
  first: number;
  after?: string | null | undefined;
}>;


export type BacktestListQuery = { backtests: { totalCount: number | null, nodes: Array<{ id: string, name: string | null, universe: string | null, symbols: Array<string>, start: string, end: string, currency: Currency, createdAt: string, strategy: { key: string, name: string }, job: { id: string, status: JobStatus, progress: number, stage: string | null }, metrics: { cagr: number | null, sharpe: number | null, maxDrawdown: number | null, volatility: number | null } | null, overfitting: { deflatedSharpe: number | null } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type FilterChoicesQueryVariables = Exact<{ [key: string]: never; }>;


export type FilterChoicesQuery = { strategies: Array<{ key: string, name: string }>, universes: Array<{ key: string, name: string }> };

export type JobStateFragment = { id: string, status: JobStatus, progress: number, stage: string | null, etaSeconds: number | null, attempts: number, createdAt: string, startedAt: string | null, finishedAt: string | null, cancelRequestedAt: string | null, computeSeconds: number | null, error: { message: string, code: ErrorCode, reason: string | null } | null };

export type BacktestPageQueryVariables = Exact<{
  id: string | number;
}>;


export type BacktestPageQuery = { backtest: { id: string, name: string | null, notes: string | null, universe: string | null, symbols: Array<string>, start: string, end: string, currency: Currency, createdAt: string, strategy: { key: string, name: string }, job: { id: string, status: JobStatus, progress: number, stage: string | null, etaSeconds: number | null, attempts: number, createdAt: string, startedAt: string | null, finishedAt: string | null, cancelRequestedAt: string | null, computeSeconds: number | null, error: { message: string, code: ErrorCode, reason: string | null } | null } } | null };

export type JobPollQueryVariables = Exact<{
  id: string | number;
}>;


export type JobPollQuery = { job: { id: string, status: JobStatus, progress: number, stage: string | null, etaSeconds: number | null, attempts: number, createdAt: string, startedAt: string | null, finishedAt: string | null, cancelRequestedAt: string | null, computeSeconds: number | null, error: { message: string, code: ErrorCode, reason: string | null } | null } | null };

export type CancelJobMutationVariables = Exact<{
  id: string | number;
}>;


export type CancelJobMutation = { cancelJob: { job: { id: string, status: JobStatus, progress: number, stage: string | null, etaSeconds: number | null, attempts: number, createdAt: string, startedAt: string | null, finishedAt: string | null, cancelRequestedAt: string | null, computeSeconds: number | null, error: { message: string, code: ErrorCode, reason: string | null } | null } | null, userErrors: Array<{ message: string, code: ErrorCode, field: Array<string> | null }> } };

export type AnnotateMutationVariables = Exact<{
  input: AnnotateBacktestInput;
}>;


export type AnnotateMutation = { annotateBacktest: { backtest: { id: string, name: string | null, notes: string | null } | null, userErrors: Array<{ message: string, code: ErrorCode, field: Array<string> | null }> } };

export type BacktestRowFragment = { id: string, name: string | null, universe: string | null, symbols: Array<string>, start: string, end: string, currency: Currency, createdAt: string, strategy: { key: string, name: string }, job: { id: string, status: JobStatus, progress: number, stage: string | null }, metrics: { cagr: number | null, sharpe: number | null, maxDrawdown: number | null, volatility: number | null } | null, overfitting: { deflatedSharpe: number | null } | null };

export type StrategyChoiceFragment = { key: string, name: string, family: StrategyFamily, version: string, summary: string, references: Array<string>, requires: Array<string>, minimumHistory: number, allocators: Array<Allocator>, parameterSchema: unknown, defaultParameters: unknown };

export type ComposeCatalogueQueryVariables = Exact<{ [key: string]: never; }>;


export type ComposeCatalogueQuery = { strategies: Array<{ key: string, name: string, family: StrategyFamily, version: string, summary: string, references: Array<string>, requires: Array<string>, minimumHistory: number, allocators: Array<Allocator>, parameterSchema: unknown, defaultParameters: unknown }>, universes: Array<{ key: string, name: string, description: string, region: Region, benchmark: string, memberCount: number, survivorshipFree: boolean }> };

export type UniverseMembersQueryVariables = Exact<{
  key: string;
}>;


export type UniverseMembersQuery = { universe: { key: string, members: Array<{ symbol: string }> } | null };

export type ComposeFromQueryVariables = Exact<{
  id: string | number;
}>;


export type ComposeFromQuery = { backtest: { id: string, name: string | null, parameters: unknown, universe: string | null, symbols: Array<string>, start: string, end: string, initialCapital: string, currency: Currency, allocator: Allocator | null, constraints: unknown, costs: unknown, fill: FillPolicy, wholeShares: boolean, decisionClock: DecisionClock, strategy: { key: string } } | null };

export type MarketSpanQueryVariables = Exact<{
  symbols: Array<string> | string;
  currency: Currency;
}>;


export type MarketSpanQuery = { prices: Array<{ symbol: string, dates: string[] }> };

export type FindInstrumentsQueryVariables = Exact<{
  search: string;
}>;


export type FindInstrumentsQuery = { instruments: { nodes: Array<{ id: string, symbol: string, name: string | null, firstBar: string | null, lastBar: string | null, currency: Currency }> } };

export type RunBacktestMutationVariables = Exact<{
  input: RunBacktestInput;
}>;


export type RunBacktestMutation = { runBacktest: { reused: boolean, backtest: { id: string } | null, job: { id: string, status: JobStatus } | null, userErrors: Array<{ message: string, code: ErrorCode, field: Array<string> | null, reason: string | null }> } };

export type AttributionPartFragment = { attribution: { asset: number, currency: number, interaction: number, costs: number, cash: number, bySymbol: unknown } | null };

export type EquityQueryVariables = Exact<{
  id: string | number;
  basis: CurveBasis;
  maxPoints?: number | null | undefined;
}>;


export type EquityQuery = { backtest: { id: string, equity: { dates: string[], strategy: (number | null)[], benchmark: (number | null)[] | null, pointCount: number, totalPoints: number } | null } | null };

export type DrawdownQueryVariables = Exact<{
  id: string | number;
  maxPoints?: number | null | undefined;
}>;


export type DrawdownQuery = { backtest: { id: string, drawdown: { dates: string[], strategy: (number | null)[], benchmark: (number | null)[] | null, pointCount: number, totalPoints: number } | null } | null };

export type DownloadsPartFragment = { downloads: Array<{ label: string, url: string, expiresAt: string | null, bytes: number | null }> };

export type DrawdownsPartFragment = { worstDrawdowns: Array<{ peak: string, trough: string, recovered: string | null, depth: number, days: number }> };

export type GuardsPartFragment = { guards: { lookaheadFree: boolean | null, lookaheadDetail: string | null, survivorshipGapCagr: number | null, smallestViableCapital: string | null, fillsOnRealBars: boolean, missingData: Array<string>, flags: Array<string> } | null };

export type MetricsPartFragment = { totalReturn: number | null, cagr: number | null, volatility: number | null, sharpe: number | null, sortino: number | null, calmar: number | null, omega: number | null, maxDrawdown: number | null, maxDrawdownDays: number | null, averageDrawdown: number | null, var95: number | null, cvar95: number | null, skew: number | null, kurtosis: number | null, tailRatio: number | null, hitRate: number | null, profitFactor: number | null, averageWin: number | null, averageLoss: number | null, bestDay: number | null, worstDay: number | null, alpha: number | null, beta: number | null, informationRatio: number | null, trackingError: number | null, turnover: number | null, exposure: number | null, tradeCount: number | null, totalCosts: string | null, costDrag: number | null, finalValue: string | null, sessions: number, undefined: unknown };

export type KpisFragment = { currency: Currency, metrics: { totalReturn: number | null, cagr: number | null, volatility: number | null, sharpe: number | null, sortino: number | null, calmar: number | null, omega: number | null, maxDrawdown: number | null, maxDrawdownDays: number | null, averageDrawdown: number | null, var95: number | null, cvar95: number | null, skew: number | null, kurtosis: number | null, tailRatio: number | null, hitRate: number | null, profitFactor: number | null, averageWin: number | null, averageLoss: number | null, bestDay: number | null, worstDay: number | null, alpha: number | null, beta: number | null, informationRatio: number | null, trackingError: number | null, turnover: number | null, exposure: number | null, tradeCount: number | null, totalCosts: string | null, costDrag: number | null, finalValue: string | null, sessions: number, undefined: unknown } | null, benchmarkMetrics: { totalReturn: number | null, cagr: number | null, volatility: number | null, sharpe: number | null, sortino: number | null, calmar: number | null, omega: number | null, maxDrawdown: number | null, maxDrawdownDays: number | null, averageDrawdown: number | null, var95: number | null, cvar95: number | null, skew: number | null, kurtosis: number | null, tailRatio: number | null, hitRate: number | null, profitFactor: number | null, averageWin: number | null, averageLoss: number | null, bestDay: number | null, worstDay: number | null, alpha: number | null, beta: number | null, informationRatio: number | null, trackingError: number | null, turnover: number | null, exposure: number | null, tradeCount: number | null, totalCosts: string | null, costDrag: number | null, finalValue: string | null, sessions: number, undefined: unknown } | null, overfitting: { psr: number | null, deflatedSharpe: number | null, trials: number, effectiveTrials: number | null, minTrackRecordLength: number | null, sharpeInterval: Array<number> | null, verdict: string } | null, guards: { flags: Array<string> } | null };

export type MonthlyPartFragment = { monthlyReturns: Array<{ year: number, month: number, value: number }>, annualReturns: Array<{ year: number, strategy: number, benchmark: number | null, beatBenchmark: boolean | null }> };

export type OrdersQueryVariables = Exact<{
  id: string | number;
  first: number;
  after?: string | null | undefined;
}>;


export type OrdersQuery = { backtest: { id: string, orders: { totalCount: number | null, nodes: Array<{ date: string, symbol: string, side: Side, quantity: string, filled: string, price: string, commission: string, slippage: string, fxCost: string, reason: string }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } } | null };

export type ReportQueryVariables = Exact<{
  id: string | number;
}>;


export type ReportQuery = { backtest: { id: string, currency: Currency, contentKey: string, parameters: unknown, universe: string | null, symbols: Array<string>, start: string, end: string, initialCapital: string, rebalance: Rebalance, allocator: Allocator | null, constraints: unknown, costs: unknown, fill: FillPolicy, wholeShares: boolean, decisionClock: DecisionClock, knownAt: string, engineVersion: string, metrics: { totalReturn: number | null, cagr: number | null, volatility: number | null, sharpe: number | null, sortino: number | null, calmar: number | null, omega: number | null, maxDrawdown: number | null, maxDrawdownDays: number | null, averageDrawdown: number | null, var95: number | null, cvar95: number | null, skew: number | null, kurtosis: number | null, tailRatio: number | null, hitRate: number | null, profitFactor: number | null, averageWin: number | null, averageLoss: number | null, bestDay: number | null, worstDay: number | null, alpha: number | null, beta: number | null, informationRatio: number | null, trackingError: number | null, turnover: number | null, exposure: number | null, tradeCount: number | null, totalCosts: string | null, costDrag: number | null, finalValue: string | null, sessions: number, undefined: unknown } | null, benchmarkMetrics: { totalReturn: number | null, cagr: number | null, volatility: number | null, sharpe: number | null, sortino: number | null, calmar: number | null, omega: number | null, maxDrawdown: number | null, maxDrawdownDays: number | null, averageDrawdown: number | null, var95: number | null, cvar95: number | null, skew: number | null, kurtosis: number | null, tailRatio: number | null, hitRate: number | null, profitFactor: number | null, averageWin: number | null, averageLoss: number | null, bestDay: number | null, worstDay: number | null, alpha: number | null, beta: number | null, informationRatio: number | null, trackingError: number | null, turnover: number | null, exposure: number | null, tradeCount: number | null, totalCosts: string | null, costDrag: number | null, finalValue: string | null, sessions: number, undefined: unknown } | null, overfitting: { psr: number | null, deflatedSharpe: number | null, trials: number, effectiveTrials: number | null, minTrackRecordLength: number | null, sharpeInterval: Array<number> | null, verdict: string } | null, guards: { flags: Array<string>, lookaheadFree: boolean | null, lookaheadDetail: string | null, survivorshipGapCagr: number | null, smallestViableCapital: string | null, fillsOnRealBars: boolean, missingData: Array<string> } | null, monthlyReturns: Array<{ year: number, month: number, value: number }>, annualReturns: Array<{ year: number, strategy: number, benchmark: number | null, beatBenchmark: boolean | null }>, worstDrawdowns: Array<{ peak: string, trough: string, recovered: string | null, depth: number, days: number }>, attribution: { asset: number, currency: number, interaction: number, costs: number, cash: number, bySymbol: unknown } | null, strategy: { key: string, name: string, version: string, parameterSchema: unknown }, job: { id: string, computeSeconds: number | null, costUsd: number | null }, downloads: Array<{ label: string, url: string, expiresAt: string | null, bytes: number | null }> } | null };

export type SettingsPartFragment = { contentKey: string, parameters: unknown, universe: string | null, symbols: Array<string>, start: string, end: string, initialCapital: string, currency: Currency, rebalance: Rebalance, allocator: Allocator | null, constraints: unknown, costs: unknown, fill: FillPolicy, wholeShares: boolean, decisionClock: DecisionClock, knownAt: string, engineVersion: string, strategy: { key: string, name: string, version: string, parameterSchema: unknown }, job: { id: string, computeSeconds: number | null, costUsd: number | null } };

export type ServerQueryVariables = Exact<{ [key: string]: never; }>;


export type ServerQuery = { server: { version: string, engineVersion: string, environment: string } };

export type StrategyGuideQueryVariables = Exact<{ [key: string]: never; }>;


export type StrategyGuideQuery = { strategies: Array<{ key: string, name: string, family: StrategyFamily, version: string, summary: string, references: Array<string>, requires: Array<string>, minimumHistory: number, allocators: Array<Allocator>, parameterSchema: unknown, defaultParameters: unknown }> };

export const JobStateFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"JobState"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Job"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"progress"}},{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"etaSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"attempts"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"finishedAt"}},{"kind":"Field","name":{"kind":"Name","value":"cancelRequestedAt"}},{"kind":"Field","name":{"kind":"Name","value":"computeSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}}]}}]}}]} as unknown as DocumentNode<JobStateFragment, unknown>;
export const BacktestRowFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"BacktestRow"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Backtest"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"strategy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"universe"}},{"kind":"Field","name":{"kind":"Name","value":"symbols"}},{"kind":"Field","name":{"kind":"Name","value":"start"}},{"kind":"Field","name":{"kind":"Name","value":"end"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"job"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"progress"}},{"kind":"Field","name":{"kind":"Name","value":"stage"}}]}},{"kind":"Field","name":{"kind":"Name","value":"metrics"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cagr"}},{"kind":"Field","name":{"kind":"Name","value":"sharpe"}},{"kind":"Field","name":{"kind":"Name","value":"maxDrawdown"}},{"kind":"Field","name":{"kind":"Name","value":"volatility"}}]}},{"kind":"Field","name":{"kind":"Name","value":"overfitting"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"deflatedSharpe"}}]}}]}}]} as unknown as DocumentNode<BacktestRowFragment, unknown>;
export const StrategyChoiceFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StrategyChoice"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Strategy"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"family"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"summary"}},{"kind":"Field","name":{"kind":"Name","value":"references"}},{"kind":"Field","name":{"kind":"Name","value":"requires"}},{"kind":"Field","name":{"kind":"Name","value":"minimumHistory"}},{"kind":"Field","name":{"kind":"Name","value":"allocators"}},{"kind":"Field","name":{"kind":"Name","value":"parameterSchema"}},{"kind":"Field","name":{"kind":"Name","value":"defaultParameters"}}]}}]} as unknown as DocumentNode<StrategyChoiceFragment, unknown>;
export const AttributionPartFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"AttributionPart"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Backtest"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"attribution"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"asset"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}},{"kind":"Field","name":{"kind":"Name","value":"interaction"}},{"kind":"Field","name":{"kind":"Name","value":"costs"}},{"kind":"Field","name":{"kind":"Name","value":"cash"}},{"kind":"Field","name":{"kind":"Name","value":"bySymbol"}}]}}]}}]} as unknown as DocumentNode<AttributionPartFragment, unknown>;
export const DownloadsPartFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"DownloadsPart"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Backtest"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"downloads"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"label"}},{"kind":"Field","name":{"kind":"Name","value":"url"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}},{"kind":"Field","name":{"kind":"Name","value":"bytes"}}]}}]}}]} as unknown as DocumentNode<DownloadsPartFragment, unknown>;
export const DrawdownsPartFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"DrawdownsPart"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Backtest"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"worstDrawdowns"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"10"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"peak"}},{"kind":"Field","name":{"kind":"Name","value":"trough"}},{"kind":"Field","name":{"kind":"Name","value":"recovered"}},{"kind":"Field","name":{"kind":"Name","value":"depth"}},{"kind":"Field","name":{"kind":"Name","value":"days"}}]}}]}}]} as unknown as DocumentNode<DrawdownsPartFragment, unknown>;
export const GuardsPartFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"GuardsPart"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Backtest"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"guards"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"lookaheadFree"}},{"kind":"Field","name":{"kind":"Name","value":"lookaheadDetail"}},{"kind":"Field","name":{"kind":"Name","value":"survivorshipGapCagr"}},{"kind":"Field","name":{"kind":"Name","value":"smallestViableCapital"}},{"kind":"Field","name":{"kind":"Name","value":"fillsOnRealBars"}},{"kind":"Field","name":{"kind":"Name","value":"missingData"}},{"kind":"Field","name":{"kind":"Name","value":"flags"}}]}}]}}]} as unknown as DocumentNode<GuardsPartFragment, unknown>;
export const MetricsPartFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"MetricsPart"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Metrics"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"totalReturn"}},{"kind":"Field","name":{"kind":"Name","value":"cagr"}},{"kind":"Field","name":{"kind":"Name","value":"volatility"}},{"kind":"Field","name":{"kind":"Name","value":"sharpe"}},{"kind":"Field","name":{"kind":"Name","value":"sortino"}},{"kind":"Field","name":{"kind":"Name","value":"calmar"}},{"kind":"Field","name":{"kind":"Name","value":"omega"}},{"kind":"Field","name":{"kind":"Name","value":"maxDrawdown"}},{"kind":"Field","name":{"kind":"Name","value":"maxDrawdownDays"}},{"kind":"Field","name":{"kind":"Name","value":"averageDrawdown"}},{"kind":"Field","name":{"kind":"Name","value":"var95"}},{"kind":"Field","name":{"kind":"Name","value":"cvar95"}},{"kind":"Field","name":{"kind":"Name","value":"skew"}},{"kind":"Field","name":{"kind":"Name","value":"kurtosis"}},{"kind":"Field","name":{"kind":"Name","value":"tailRatio"}},{"kind":"Field","name":{"kind":"Name","value":"hitRate"}},{"kind":"Field","name":{"kind":"Name","value":"profitFactor"}},{"kind":"Field","name":{"kind":"Name","value":"averageWin"}},{"kind":"Field","name":{"kind":"Name","value":"averageLoss"}},{"kind":"Field","name":{"kind":"Name","value":"bestDay"}},{"kind":"Field","name":{"kind":"Name","value":"worstDay"}},{"kind":"Field","name":{"kind":"Name","value":"alpha"}},{"kind":"Field","name":{"kind":"Name","value":"beta"}},{"kind":"Field","name":{"kind":"Name","value":"informationRatio"}},{"kind":"Field","name":{"kind":"Name","value":"trackingError"}},{"kind":"Field","name":{"kind":"Name","value":"turnover"}},{"kind":"Field","name":{"kind":"Name","value":"exposure"}},{"kind":"Field","name":{"kind":"Name","value":"tradeCount"}},{"kind":"Field","name":{"kind":"Name","value":"totalCosts"}},{"kind":"Field","name":{"kind":"Name","value":"costDrag"}},{"kind":"Field","name":{"kind":"Name","value":"finalValue"}},{"kind":"Field","name":{"kind":"Name","value":"sessions"}},{"kind":"Field","name":{"kind":"Name","value":"undefined"}}]}}]} as unknown as DocumentNode<MetricsPartFragment, unknown>;
export const KpisFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Kpis"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Backtest"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"currency"}},{"kind":"Field","name":{"kind":"Name","value":"metrics"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"MetricsPart"}}]}},{"kind":"Field","name":{"kind":"Name","value":"benchmarkMetrics"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"MetricsPart"}}]}},{"kind":"Field","name":{"kind":"Name","value":"overfitting"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"psr"}},{"kind":"Field","name":{"kind":"Name","value":"deflatedSharpe"}},{"kind":"Field","name":{"kind":"Name","value":"trials"}},{"kind":"Field","name":{"kind":"Name","value":"effectiveTrials"}},{"kind":"Field","name":{"kind":"Name","value":"minTrackRecordLength"}},{"kind":"Field","name":{"kind":"Name","value":"sharpeInterval"}},{"kind":"Field","name":{"kind":"Name","value":"verdict"}}]}},{"kind":"Field","name":{"kind":"Name","value":"guards"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"flags"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"MetricsPart"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Metrics"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"totalReturn"}},{"kind":"Field","name":{"kind":"Name","value":"cagr"}},{"kind":"Field","name":{"kind":"Name","value":"volatility"}},{"kind":"Field","name":{"kind":"Name","value":"sharpe"}},{"kind":"Field","name":{"kind":"Name","value":"sortino"}},{"kind":"Field","name":{"kind":"Name","value":"calmar"}},{"kind":"Field","name":{"kind":"Name","value":"omega"}},{"kind":"Field","name":{"kind":"Name","value":"maxDrawdown"}},{"kind":"Field","name":{"kind":"Name","value":"maxDrawdownDays"}},{"kind":"Field","name":{"kind":"Name","value":"averageDrawdown"}},{"kind":"Field","name":{"kind":"Name","value":"var95"}},{"kind":"Field","name":{"kind":"Name","value":"cvar95"}},{"kind":"Field","name":{"kind":"Name","value":"skew"}},{"kind":"Field","name":{"kind":"Name","value":"kurtosis"}},{"kind":"Field","name":{"kind":"Name","value":"tailRatio"}},{"kind":"Field","name":{"kind":"Name","value":"hitRate"}},{"kind":"Field","name":{"kind":"Name","value":"profitFactor"}},{"kind":"Field","name":{"kind":"Name","value":"averageWin"}},{"kind":"Field","name":{"kind":"Name","value":"averageLoss"}},{"kind":"Field","name":{"kind":"Name","value":"bestDay"}},{"kind":"Field","name":{"kind":"Name","value":"worstDay"}},{"kind":"Field","name":{"kind":"Name","value":"alpha"}},{"kind":"Field","name":{"kind":"Name","value":"beta"}},{"kind":"Field","name":{"kind":"Name","value":"informationRatio"}},{"kind":"Field","name":{"kind":"Name","value":"trackingError"}},{"kind":"Field","name":{"kind":"Name","value":"turnover"}},{"kind":"Field","name":{"kind":"Name","value":"exposure"}},{"kind":"Field","name":{"kind":"Name","value":"tradeCount"}},{"kind":"Field","name":{"kind":"Name","value":"totalCosts"}},{"kind":"Field","name":{"kind":"Name","value":"costDrag"}},{"kind":"Field","name":{"kind":"Name","value":"finalValue"}},{"kind":"Field","name":{"kind":"Name","value":"sessions"}},{"kind":"Field","name":{"kind":"Name","value":"undefined"}}]}}]} as unknown as DocumentNode<KpisFragment, unknown>;
export const MonthlyPartFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"MonthlyPart"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Backtest"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"monthlyReturns"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"year"}},{"kind":"Field","name":{"kind":"Name","value":"month"}},{"kind":"Field","name":{"kind":"Name","value":"value"}}]}},{"kind":"Field","name":{"kind":"Name","value":"annualReturns"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"year"}},{"kind":"Field","name":{"kind":"Name","value":"strategy"}},{"kind":"Field","name":{"kind":"Name","value":"benchmark"}},{"kind":"Field","name":{"kind":"Name","value":"beatBenchmark"}}]}}]}}]} as unknown as DocumentNode<MonthlyPartFragment, unknown>;
export const SettingsPartFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SettingsPart"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Backtest"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"contentKey"}},{"kind":"Field","name":{"kind":"Name","value":"strategy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"parameterSchema"}}]}},{"kind":"Field","name":{"kind":"Name","value":"parameters"}},{"kind":"Field","name":{"kind":"Name","value":"universe"}},{"kind":"Field","name":{"kind":"Name","value":"symbols"}},{"kind":"Field","name":{"kind":"Name","value":"start"}},{"kind":"Field","name":{"kind":"Name","value":"end"}},{"kind":"Field","name":{"kind":"Name","value":"initialCapital"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}},{"kind":"Field","name":{"kind":"Name","value":"rebalance"}},{"kind":"Field","name":{"kind":"Name","value":"allocator"}},{"kind":"Field","name":{"kind":"Name","value":"constraints"}},{"kind":"Field","name":{"kind":"Name","value":"costs"}},{"kind":"Field","name":{"kind":"Name","value":"fill"}},{"kind":"Field","name":{"kind":"Name","value":"wholeShares"}},{"kind":"Field","name":{"kind":"Name","value":"decisionClock"}},{"kind":"Field","name":{"kind":"Name","value":"knownAt"}},{"kind":"Field","name":{"kind":"Name","value":"engineVersion"}},{"kind":"Field","name":{"kind":"Name","value":"job"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"computeSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"costUsd"}}]}}]}}]} as unknown as DocumentNode<SettingsPartFragment, unknown>;
export const BacktestListDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"BacktestList"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"filter"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"BacktestFilter"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"orderBy"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"BacktestOrder"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"backtests"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"Variable","name":{"kind":"Name","value":"filter"}}},{"kind":"Argument","name":{"kind":"Name","value":"orderBy"},"value":{"kind":"Variable","name":{"kind":"Name","value":"orderBy"}}},{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"BacktestRow"}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}},{"kind":"Field","name":{"kind":"Name","value":"totalCount"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"BacktestRow"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Backtest"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"strategy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"universe"}},{"kind":"Field","name":{"kind":"Name","value":"symbols"}},{"kind":"Field","name":{"kind":"Name","value":"start"}},{"kind":"Field","name":{"kind":"Name","value":"end"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"job"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"progress"}},{"kind":"Field","name":{"kind":"Name","value":"stage"}}]}},{"kind":"Field","name":{"kind":"Name","value":"metrics"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cagr"}},{"kind":"Field","name":{"kind":"Name","value":"sharpe"}},{"kind":"Field","name":{"kind":"Name","value":"maxDrawdown"}},{"kind":"Field","name":{"kind":"Name","value":"volatility"}}]}},{"kind":"Field","name":{"kind":"Name","value":"overfitting"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"deflatedSharpe"}}]}}]}}]} as unknown as DocumentNode<BacktestListQuery, BacktestListQueryVariables>;
export const FilterChoicesDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"FilterChoices"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"strategies"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"universes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}}]} as unknown as DocumentNode<FilterChoicesQuery, FilterChoicesQueryVariables>;
export const BacktestPageDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"BacktestPage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"backtest"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"notes"}},{"kind":"Field","name":{"kind":"Name","value":"universe"}},{"kind":"Field","name":{"kind":"Name","value":"symbols"}},{"kind":"Field","name":{"kind":"Name","value":"start"}},{"kind":"Field","name":{"kind":"Name","value":"end"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"strategy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"job"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"JobState"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"JobState"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Job"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"progress"}},{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"etaSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"attempts"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"finishedAt"}},{"kind":"Field","name":{"kind":"Name","value":"cancelRequestedAt"}},{"kind":"Field","name":{"kind":"Name","value":"computeSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}}]}}]}}]} as unknown as DocumentNode<BacktestPageQuery, BacktestPageQueryVariables>;
export const JobPollDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"JobPoll"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"job"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"JobState"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"JobState"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Job"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"progress"}},{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"etaSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"attempts"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"finishedAt"}},{"kind":"Field","name":{"kind":"Name","value":"cancelRequestedAt"}},{"kind":"Field","name":{"kind":"Name","value":"computeSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}}]}}]}}]} as unknown as DocumentNode<JobPollQuery, JobPollQueryVariables>;
export const CancelJobDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CancelJob"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cancelJob"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"job"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"JobState"}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"field"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"JobState"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Job"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"progress"}},{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"etaSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"attempts"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"finishedAt"}},{"kind":"Field","name":{"kind":"Name","value":"cancelRequestedAt"}},{"kind":"Field","name":{"kind":"Name","value":"computeSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}}]}}]}}]} as unknown as DocumentNode<CancelJobMutation, CancelJobMutationVariables>;
export const AnnotateDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"Annotate"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"AnnotateBacktestInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"annotateBacktest"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"backtest"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"notes"}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"field"}}]}}]}}]}}]} as unknown as DocumentNode<AnnotateMutation, AnnotateMutationVariables>;
export const ComposeCatalogueDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"ComposeCatalogue"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"strategies"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"StrategyChoice"}}]}},{"kind":"Field","name":{"kind":"Name","value":"universes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"description"}},{"kind":"Field","name":{"kind":"Name","value":"region"}},{"kind":"Field","name":{"kind":"Name","value":"benchmark"}},{"kind":"Field","name":{"kind":"Name","value":"memberCount"}},{"kind":"Field","name":{"kind":"Name","value":"survivorshipFree"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StrategyChoice"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Strategy"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"family"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"summary"}},{"kind":"Field","name":{"kind":"Name","value":"references"}},{"kind":"Field","name":{"kind":"Name","value":"requires"}},{"kind":"Field","name":{"kind":"Name","value":"minimumHistory"}},{"kind":"Field","name":{"kind":"Name","value":"allocators"}},{"kind":"Field","name":{"kind":"Name","value":"parameterSchema"}},{"kind":"Field","name":{"kind":"Name","value":"defaultParameters"}}]}}]} as unknown as DocumentNode<ComposeCatalogueQuery, ComposeCatalogueQueryVariables>;
export const UniverseMembersDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"UniverseMembers"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"key"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"universe"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"key"},"value":{"kind":"Variable","name":{"kind":"Name","value":"key"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"members"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"symbol"}}]}}]}}]}}]} as unknown as DocumentNode<UniverseMembersQuery, UniverseMembersQueryVariables>;
export const ComposeFromDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"ComposeFrom"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"backtest"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"strategy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}}]}},{"kind":"Field","name":{"kind":"Name","value":"parameters"}},{"kind":"Field","name":{"kind":"Name","value":"universe"}},{"kind":"Field","name":{"kind":"Name","value":"symbols"}},{"kind":"Field","name":{"kind":"Name","value":"start"}},{"kind":"Field","name":{"kind":"Name","value":"end"}},{"kind":"Field","name":{"kind":"Name","value":"initialCapital"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}},{"kind":"Field","name":{"kind":"Name","value":"allocator"}},{"kind":"Field","name":{"kind":"Name","value":"constraints"}},{"kind":"Field","name":{"kind":"Name","value":"costs"}},{"kind":"Field","name":{"kind":"Name","value":"fill"}},{"kind":"Field","name":{"kind":"Name","value":"wholeShares"}},{"kind":"Field","name":{"kind":"Name","value":"decisionClock"}}]}}]}}]} as unknown as DocumentNode<ComposeFromQuery, ComposeFromQueryVariables>;
export const MarketSpanDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"MarketSpan"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"symbols"}},"type":{"kind":"NonNullType","type":{"kind":"ListType","type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"currency"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Currency"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"prices"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"symbols"},"value":{"kind":"Variable","name":{"kind":"Name","value":"symbols"}}},{"kind":"Argument","name":{"kind":"Name","value":"currency"},"value":{"kind":"Variable","name":{"kind":"Name","value":"currency"}}},{"kind":"Argument","name":{"kind":"Name","value":"maxPoints"},"value":{"kind":"IntValue","value":"3"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"symbol"}},{"kind":"Field","name":{"kind":"Name","value":"dates"}}]}}]}}]} as unknown as DocumentNode<MarketSpanQuery, MarketSpanQueryVariables>;
export const FindInstrumentsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"FindInstruments"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"search"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"instruments"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"search"},"value":{"kind":"Variable","name":{"kind":"Name","value":"search"}}},{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"8"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"symbol"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"firstBar"}},{"kind":"Field","name":{"kind":"Name","value":"lastBar"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}}]}}]}}]} as unknown as DocumentNode<FindInstrumentsQuery, FindInstrumentsQueryVariables>;
export const RunBacktestDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"RunBacktest"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"RunBacktestInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"runBacktest"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"backtest"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}},{"kind":"Field","name":{"kind":"Name","value":"job"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}}]}},{"kind":"Field","name":{"kind":"Name","value":"reused"}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"field"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}}]}}]}}]}}]} as unknown as DocumentNode<RunBacktestMutation, RunBacktestMutationVariables>;
export const EquityDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Equity"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"basis"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CurveBasis"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"maxPoints"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"backtest"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"equity"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"basis"},"value":{"kind":"Variable","name":{"kind":"Name","value":"basis"}}},{"kind":"Argument","name":{"kind":"Name","value":"maxPoints"},"value":{"kind":"Variable","name":{"kind":"Name","value":"maxPoints"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"dates"}},{"kind":"Field","name":{"kind":"Name","value":"strategy"}},{"kind":"Field","name":{"kind":"Name","value":"benchmark"}},{"kind":"Field","name":{"kind":"Name","value":"pointCount"}},{"kind":"Field","name":{"kind":"Name","value":"totalPoints"}}]}}]}}]}}]} as unknown as DocumentNode<EquityQuery, EquityQueryVariables>;
export const DrawdownDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Drawdown"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"maxPoints"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"backtest"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"drawdown"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"maxPoints"},"value":{"kind":"Variable","name":{"kind":"Name","value":"maxPoints"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"dates"}},{"kind":"Field","name":{"kind":"Name","value":"strategy"}},{"kind":"Field","name":{"kind":"Name","value":"benchmark"}},{"kind":"Field","name":{"kind":"Name","value":"pointCount"}},{"kind":"Field","name":{"kind":"Name","value":"totalPoints"}}]}}]}}]}}]} as unknown as DocumentNode<DrawdownQuery, DrawdownQueryVariables>;
export const OrdersDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Orders"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"backtest"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"orders"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"date"}},{"kind":"Field","name":{"kind":"Name","value":"symbol"}},{"kind":"Field","name":{"kind":"Name","value":"side"}},{"kind":"Field","name":{"kind":"Name","value":"quantity"}},{"kind":"Field","name":{"kind":"Name","value":"filled"}},{"kind":"Field","name":{"kind":"Name","value":"price"}},{"kind":"Field","name":{"kind":"Name","value":"commission"}},{"kind":"Field","name":{"kind":"Name","value":"slippage"}},{"kind":"Field","name":{"kind":"Name","value":"fxCost"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}},{"kind":"Field","name":{"kind":"Name","value":"totalCount"}}]}}]}}]}}]} as unknown as DocumentNode<OrdersQuery, OrdersQueryVariables>;
export const ReportDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Report"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"backtest"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"Kpis"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"GuardsPart"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"MonthlyPart"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"DrawdownsPart"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"AttributionPart"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"SettingsPart"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"DownloadsPart"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"MetricsPart"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Metrics"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"totalReturn"}},{"kind":"Field","name":{"kind":"Name","value":"cagr"}},{"kind":"Field","name":{"kind":"Name","value":"volatility"}},{"kind":"Field","name":{"kind":"Name","value":"sharpe"}},{"kind":"Field","name":{"kind":"Name","value":"sortino"}},{"kind":"Field","name":{"kind":"Name","value":"calmar"}},{"kind":"Field","name":{"kind":"Name","value":"omega"}},{"kind":"Field","name":{"kind":"Name","value":"maxDrawdown"}},{"kind":"Field","name":{"kind":"Name","value":"maxDrawdownDays"}},{"kind":"Field","name":{"kind":"Name","value":"averageDrawdown"}},{"kind":"Field","name":{"kind":"Name","value":"var95"}},{"kind":"Field","name":{"kind":"Name","value":"cvar95"}},{"kind":"Field","name":{"kind":"Name","value":"skew"}},{"kind":"Field","name":{"kind":"Name","value":"kurtosis"}},{"kind":"Field","name":{"kind":"Name","value":"tailRatio"}},{"kind":"Field","name":{"kind":"Name","value":"hitRate"}},{"kind":"Field","name":{"kind":"Name","value":"profitFactor"}},{"kind":"Field","name":{"kind":"Name","value":"averageWin"}},{"kind":"Field","name":{"kind":"Name","value":"averageLoss"}},{"kind":"Field","name":{"kind":"Name","value":"bestDay"}},{"kind":"Field","name":{"kind":"Name","value":"worstDay"}},{"kind":"Field","name":{"kind":"Name","value":"alpha"}},{"kind":"Field","name":{"kind":"Name","value":"beta"}},{"kind":"Field","name":{"kind":"Name","value":"informationRatio"}},{"kind":"Field","name":{"kind":"Name","value":"trackingError"}},{"kind":"Field","name":{"kind":"Name","value":"turnover"}},{"kind":"Field","name":{"kind":"Name","value":"exposure"}},{"kind":"Field","name":{"kind":"Name","value":"tradeCount"}},{"kind":"Field","name":{"kind":"Name","value":"totalCosts"}},{"kind":"Field","name":{"kind":"Name","value":"costDrag"}},{"kind":"Field","name":{"kind":"Name","value":"finalValue"}},{"kind":"Field","name":{"kind":"Name","value":"sessions"}},{"kind":"Field","name":{"kind":"Name","value":"undefined"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Kpis"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Backtest"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"currency"}},{"kind":"Field","name":{"kind":"Name","value":"metrics"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"MetricsPart"}}]}},{"kind":"Field","name":{"kind":"Name","value":"benchmarkMetrics"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"MetricsPart"}}]}},{"kind":"Field","name":{"kind":"Name","value":"overfitting"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"psr"}},{"kind":"Field","name":{"kind":"Name","value":"deflatedSharpe"}},{"kind":"Field","name":{"kind":"Name","value":"trials"}},{"kind":"Field","name":{"kind":"Name","value":"effectiveTrials"}},{"kind":"Field","name":{"kind":"Name","value":"minTrackRecordLength"}},{"kind":"Field","name":{"kind":"Name","value":"sharpeInterval"}},{"kind":"Field","name":{"kind":"Name","value":"verdict"}}]}},{"kind":"Field","name":{"kind":"Name","value":"guards"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"flags"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"GuardsPart"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Backtest"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"guards"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"lookaheadFree"}},{"kind":"Field","name":{"kind":"Name","value":"lookaheadDetail"}},{"kind":"Field","name":{"kind":"Name","value":"survivorshipGapCagr"}},{"kind":"Field","name":{"kind":"Name","value":"smallestViableCapital"}},{"kind":"Field","name":{"kind":"Name","value":"fillsOnRealBars"}},{"kind":"Field","name":{"kind":"Name","value":"missingData"}},{"kind":"Field","name":{"kind":"Name","value":"flags"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"MonthlyPart"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Backtest"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"monthlyReturns"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"year"}},{"kind":"Field","name":{"kind":"Name","value":"month"}},{"kind":"Field","name":{"kind":"Name","value":"value"}}]}},{"kind":"Field","name":{"kind":"Name","value":"annualReturns"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"year"}},{"kind":"Field","name":{"kind":"Name","value":"strategy"}},{"kind":"Field","name":{"kind":"Name","value":"benchmark"}},{"kind":"Field","name":{"kind":"Name","value":"beatBenchmark"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"DrawdownsPart"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Backtest"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"worstDrawdowns"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"10"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"peak"}},{"kind":"Field","name":{"kind":"Name","value":"trough"}},{"kind":"Field","name":{"kind":"Name","value":"recovered"}},{"kind":"Field","name":{"kind":"Name","value":"depth"}},{"kind":"Field","name":{"kind":"Name","value":"days"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"AttributionPart"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Backtest"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"attribution"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"asset"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}},{"kind":"Field","name":{"kind":"Name","value":"interaction"}},{"kind":"Field","name":{"kind":"Name","value":"costs"}},{"kind":"Field","name":{"kind":"Name","value":"cash"}},{"kind":"Field","name":{"kind":"Name","value":"bySymbol"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SettingsPart"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Backtest"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"contentKey"}},{"kind":"Field","name":{"kind":"Name","value":"strategy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"parameterSchema"}}]}},{"kind":"Field","name":{"kind":"Name","value":"parameters"}},{"kind":"Field","name":{"kind":"Name","value":"universe"}},{"kind":"Field","name":{"kind":"Name","value":"symbols"}},{"kind":"Field","name":{"kind":"Name","value":"start"}},{"kind":"Field","name":{"kind":"Name","value":"end"}},{"kind":"Field","name":{"kind":"Name","value":"initialCapital"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}},{"kind":"Field","name":{"kind":"Name","value":"rebalance"}},{"kind":"Field","name":{"kind":"Name","value":"allocator"}},{"kind":"Field","name":{"kind":"Name","value":"constraints"}},{"kind":"Field","name":{"kind":"Name","value":"costs"}},{"kind":"Field","name":{"kind":"Name","value":"fill"}},{"kind":"Field","name":{"kind":"Name","value":"wholeShares"}},{"kind":"Field","name":{"kind":"Name","value":"decisionClock"}},{"kind":"Field","name":{"kind":"Name","value":"knownAt"}},{"kind":"Field","name":{"kind":"Name","value":"engineVersion"}},{"kind":"Field","name":{"kind":"Name","value":"job"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"computeSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"costUsd"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"DownloadsPart"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Backtest"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"downloads"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"label"}},{"kind":"Field","name":{"kind":"Name","value":"url"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}},{"kind":"Field","name":{"kind":"Name","value":"bytes"}}]}}]}}]} as unknown as DocumentNode<ReportQuery, ReportQueryVariables>;
export const ServerDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Server"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"server"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"engineVersion"}},{"kind":"Field","name":{"kind":"Name","value":"environment"}}]}}]}}]} as unknown as DocumentNode<ServerQuery, ServerQueryVariables>;
export const StrategyGuideDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"StrategyGuide"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"strategies"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"StrategyChoice"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StrategyChoice"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Strategy"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"family"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"summary"}},{"kind":"Field","name":{"kind":"Name","value":"references"}},{"kind":"Field","name":{"kind":"Name","value":"requires"}},{"kind":"Field","name":{"kind":"Name","value":"minimumHistory"}},{"kind":"Field","name":{"kind":"Name","value":"allocators"}},{"kind":"Field","name":{"kind":"Name","value":"parameterSchema"}},{"kind":"Field","name":{"kind":"Name","value":"defaultParameters"}}]}}]} as unknown as DocumentNode<StrategyGuideQuery, StrategyGuideQueryVariables>;