import type { TradeStatus } from "../graphql/generated";
import { words } from "../ui/format";
import css from "./Trades.module.css";

export function StatusWord({ status }: { status: TradeStatus }) {
  return <span className={`${css.status} ${css[status.toLowerCase()] ?? ""}`}>{words(status)}</span>;
}
