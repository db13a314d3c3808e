import { type ComponentType, lazy } from "react";
import { Route, Routes } from "react-router";
import type { PagePath } from "./paths";
import { NotFound } from "./shell/NotFound";
import { Shell } from "./shell/Shell";

const Dashboard = lazy(() => import("./dashboard/DashboardPage"));

const PAGES: Record<PagePath, ComponentType> = {
  "/portfolio": lazy(() => import("./portfolio/PortfolioPage")),
  "/trades": lazy(() => import("./trades/TradesPage")),
  "/rebalance": lazy(() => import("./rebalance/RebalancePage")),
  "/backtests": lazy(() => import("./backtests/BacktestList")),
  "/backtests/new": lazy(() => import("./compose/Compose")),
  "/backtests/compare": lazy(() => import("./compare/ComparePage")),
  "/scanner": lazy(() => import("./scanner/ScannerPage")),
  "/backtests/:id": lazy(() => import("./backtests/BacktestPage")),
  "/sweeps": lazy(() => import("./sweeps/SweepList")),
  "/sweeps/:id": lazy(() => import("./sweeps/SweepPage")),
  "/walk-forward/:id": lazy(() => import("./walk/WalkForwardPage")),
  "/regimes": lazy(() => import("./regimes/RegimesPage")),
  "/strategies": lazy(() => import("./strategies/StrategyGuide")),
  "/strategies/:key": lazy(() => import("./strategies/StrategyPage")),
  "/data": lazy(() => import("./data/DataPage")),
  "/jobs": lazy(() => import("./jobs/JobsPage")),
};

export function Pages() {
  return (
    <Routes>
      <Route element={<Shell />}>
        <Route index element={<Dashboard />} />
        {Object.entries(PAGES).map(([path, Page]) => (
          <Route key={path} path={path} element={<Page />} />
        ))}
        <Route path="*" element={<NotFound />} />
      </Route>
    </Routes>
  );
}
