import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import type { Listening } from "./listen";

const CLOUDFLARE = resolve(import.meta.dirname, "../../../cloudflare");
const ESBUILD = resolve(CLOUDFLARE, "node_modules/.bin/esbuild");
const BUNDLING = ["--bundle", "--platform=node", "--format=esm", "--packages=external"];
const EDGE_KEYS = { current: { id: "edge-1", key: Buffer.alloc(32, 1).toString("base64") }, previous: null };

type Given = { origin: string; issuer: string; audience: string; page: string };

/** The Worker as it is deployed, in the runtime it is deployed to. */
export async function startEdge({ origin, issuer, audience, page }: Given): Promise<Listening> {
  if (!existsSync(ESBUILD)) throw new Error("the edge is not installed: run make edge");
  const { stdout } = await promisify(execFile)(ESBUILD, ["test/serve.ts", ...BUNDLING], { cwd: CLOUDFLARE });
  const worker = spawn("node", ["--input-type=module", `--eval=${stdout}`], {
    cwd: CLOUDFLARE,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const bindings = {
    ORIGIN: origin,
    TOKEN_ISSUER: issuer,
    TOKEN_AUDIENCE: audience,
    JWKS_URL: `${issuer}/jwks`,
    ALLOWED_ORIGINS: JSON.stringify([page]),
    EDGE_KEYS: JSON.stringify(EDGE_KEYS),
    LIMIT_SECONDS: "60",
  };
  worker.stdin.write(`${JSON.stringify({ bindings })}\n`);
  const line = await new Promise<string>((said, failed) => {
    createInterface({ input: worker.stdout }).once("line", said);
    worker.once("exit", (code) => failed(new Error(`the edge ended with ${code}`)));
  });
  const stop = () =>
    new Promise<void>((stopped) => {
      worker.once("exit", () => stopped());
      worker.stdin.end();
    });
  return { origin: (JSON.parse(line) as { url: string }).url, stop };
}
