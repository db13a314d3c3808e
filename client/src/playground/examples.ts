/** Operations to start from: one file per root field, in a folder per domain. */
const FILES: Record<string, string> = import.meta.glob("../../examples/*/*.graphql", {
  query: "?raw",
  import: "default",
  eager: true,
});
const DOMAINS = { research: "Research", books: "Books", market: "Market data", work: "Work" };

export type Example = { field: string; title: string; query: string };

/** In each domain by name; the first line of a file is its title. */
export const EXAMPLES: { domain: string; examples: Example[] }[] = Object.entries(DOMAINS).map(([folder, domain]) => ({
  domain,
  examples: Object.entries(FILES)
    .filter(([path]) => path.split("/").at(-2) === folder)
    .map(([path, query]) => ({ field: fieldOf(path), title: titleOf(query), query }))
    .sort((a, b) => a.field.localeCompare(b.field)),
}));

/** Open in tabs when the playground is first seen; the first one runs as it stands. */
export const FIRST = ["runBacktest", "backtests", "dataHealth"].map((field) => ({ query: exampleOf(field) }));

function exampleOf(field: string): string {
  return EXAMPLES.flatMap(({ examples }) => examples).find((example) => example.field === field)?.query ?? "";
}

function fieldOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1, -".graphql".length);
}

function titleOf(query: string): string {
  return query.slice(0, query.indexOf("\n")).replace(/^#\s*/, "");
}
