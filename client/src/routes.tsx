import { lazy } from "react";
import { Navigate, Route, Routes } from "react-router";
import { NotFound } from "./shell/NotFound";
import { Shell } from "./shell/Shell";

const BacktestList = lazy(() => import("./backtests/BacktestList"));
const Compose = lazy(() => import("./compose/Compose"));
const BacktestPage = lazy(() => import("./backtests/BacktestPage"));
const StrategyGuide = lazy(() => import("./strategies/StrategyGuide"));

export function Pages() {
  return (
    <Routes>
      <Route element={<Shell />}>
        <Route index element={<Navigate to="/backtests" replace />} />
        <Route path="backtests" element={<BacktestList />} />
        <Route path="backtests/new" element={<Compose />} />
        <Route path="backtests/:id" element={<BacktestPage />} />
        <Route path="strategies" element={<StrategyGuide />} />
        <Route path="*" element={<NotFound />} />
      </Route>
    </Routes>
  );
}
