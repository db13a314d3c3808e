/** The Worker as it is deployed, in the runtime it is deployed to. */

import { build } from "esbuild";
import { Miniflare } from "miniflare";

const SOURCE = "src/index.ts";
const COMPATIBILITY_DATE = "2026-04-01";

export interface Given {
  bindings: Record<string, string>;
  /** Requests a minute of one subject, and of one address. */
  limit?: number;
  addressLimit?: number;
}

let script: Promise<string> | undefined;

export async function startWorker({ bindings, limit = 1_000, addressLimit = limit }: Given): Promise<Miniflare> {
  script ??= bundled();
  return new Miniflare({
    modules: true,
    script: await script,
    compatibilityDate: COMPATIBILITY_DATE,
    bindings,
    ratelimits: {
      SUBJECT_LIMIT: { simple: { limit, period: 60 } },
      ADDRESS_LIMIT: { simple: { limit: addressLimit, period: 60 } },
    },
    handleRuntimeStdio: () => undefined,
  });
}

async function bundled(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [SOURCE],
    bundle: true,
    format: "esm",
    platform: "neutral",
    conditions: ["workerd", "worker", "browser"],
    target: "es2022",
    write: false,
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error("nothing was built");
  return file.text;
}
