import type { IconName } from "../ui/Icon";
import { HOME, type PagePath, PLAYGROUND } from "../paths";

type Entry = { to: PagePath | typeof HOME | typeof PLAYGROUND; label: string; icon: IconName };

/** What the navigation leads to, in its order. An entry comes with its page. */
export const GROUPS: readonly { name: string; entries: readonly Entry[] }[] = [
  {
    name: "Books",
    entries: [
      { to: HOME, label: "Dashboard", icon: "home" },
      { to: "/portfolio", label: "Portfolio", icon: "pie" },
      { to: "/trades", label: "Trades", icon: "swap" },
      { to: "/rebalance", label: "Rebalance", icon: "scales" },
    ],
  },
  {
    name: "Research",
    entries: [
      { to: "/backtests", label: "Backtests", icon: "list" },
      { to: "/backtests/new", label: "New run", icon: "plus" },
      { to: "/sweeps", label: "Sweeps", icon: "grid" },
      { to: "/scanner", label: "Scanner", icon: "search" },
      { to: "/regimes", label: "Regimes", icon: "wave" },
      { to: "/strategies", label: "Strategies", icon: "book" },
    ],
  },
  {
    name: "System",
    entries: [
      { to: "/data", label: "Data", icon: "stack" },
      { to: "/jobs", label: "Jobs", icon: "queue" },
      { to: PLAYGROUND, label: "Playground", icon: "code" },
    ],
  },
];

const contains = (to: string, path: string) => path === to || (to !== "/" && path.startsWith(`${to}/`));

/** The entry whose page, or a page below it, is open: the nearest one. */
export function entryOf(path: string): string | undefined {
  const above = GROUPS.flatMap(({ entries }) => entries.map(({ to }) => to as string)).filter((to) =>
    contains(to, path),
  );
  return above.reduce<string | undefined>(
    (nearest, to) => (to.length > (nearest?.length ?? 0) ? to : nearest),
    undefined,
  );
}
