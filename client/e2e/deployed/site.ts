import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { listen, type Listening } from "./listen";

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".ttf": "font/ttf",
};

type Rule = { path: string; lines: string[] };

/** A folder served as Cloudflare Pages serves it: its routes, its headers, its names without .html. */
export async function startSite(folder: string): Promise<Listening> {
  return listen(async (request, response) => {
    const { pathname } = new URL(request.url!, "http://site");
    const [rewrites, rules] = await Promise.all([rewritesOf(folder), rulesOf(folder)]);
    const target = rewrites.find((each) => matches(each.path, pathname))?.to ?? pathname;
    const found = (await fileOf(folder, target)) ?? { status: 404, ...(await readHtml(folder, "404.html")) };
    response.statusCode = found.status;
    const headers = headersFor(rules, pathname);
    headers.set("content-type", found.type);
    for (const [name, value] of headers) response.setHeader(name, value);
    response.end(found.body);
  });
}

async function fileOf(folder: string, path: string) {
  const names = path.endsWith("/") ? [`${path}index.html`] : [path, `${path}.html`];
  for (const name of names.filter((each) => !/^\/_(headers|redirects)/.test(each))) {
    const body = await readFile(join(folder, name)).catch(() => null);
    if (body) return { status: 200, type: TYPES[extname(name)] ?? "application/octet-stream", body };
  }
  return null;
}

const readHtml = async (folder: string, name: string) => ({
  type: TYPES[".html"]!,
  body: await readFile(join(folder, name)),
});

/** In the order of the file: a second value joins the first, unless a line took the first away. */
function headersFor(rules: Rule[], pathname: string): Headers {
  const headers = new Headers({ "access-control-allow-origin": "*", "cache-control": "public, max-age=0" });
  const set = new Set<string>();
  for (const { lines } of rules.filter((rule) => matches(rule.path, pathname))) {
    for (const line of lines.filter((each) => each.startsWith("! "))) headers.delete(line.slice(2));
    for (const line of lines.filter((each) => !each.startsWith("! "))) {
      const [, name = "", value = ""] = /^([^:]+): (.*)$/.exec(line)!;
      if (set.has(name.toLowerCase())) headers.append(name, value);
      else headers.set(name, value);
      set.add(name.toLowerCase());
    }
  }
  return headers;
}

function matches(pattern: string, path: string): boolean {
  const source = pattern.replace(/[.+?]/g, "\\$&").replace(/\*/g, ".*").replace(/:\w+/g, "[^/]+");
  return new RegExp(`^${source}$`).test(path);
}

async function rulesOf(folder: string): Promise<Rule[]> {
  const rules: Rule[] = [];
  for (const line of (await readFile(join(folder, "_headers"), "utf8")).split("\n").filter(Boolean))
    if (line.startsWith(" ")) rules.at(-1)!.lines.push(line.trim());
    else rules.push({ path: line, lines: [] });
  return rules;
}

async function rewritesOf(folder: string) {
  const text = await readFile(join(folder, "_redirects"), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => ({ path: line.split(" ")[0]!, to: line.split(" ")[1]! }));
}
