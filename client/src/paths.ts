/** The addresses of the client's pages: its router knows them, and so must the host that serves it. */
export const PAGE_PATHS = [
  "/portfolio",
  "/trades",
  "/rebalance",
  "/backtests",
  "/backtests/new",
  "/backtests/compare",
  "/backtests/:id",
  "/sweeps",
  "/sweeps/:id",
  "/walk-forward/:id",
  "/scanner",
  "/regimes",
  "/strategies",
  "/strategies/:key",
  "/data",
  "/jobs",
] as const;
export type PagePath = (typeof PAGE_PATHS)[number];

/** The first page, which every host serves at its root. */
export const HOME = "/";
export const SIGNED_IN = "/signed-in";
export const SIGNED_OUT = "/signed-out";
export const PLAYGROUND = "/playground";
