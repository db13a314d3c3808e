import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ended, ROOT } from "./server";

/** Providers of prices on loopback that speak the real wire formats, and do as they are told. */
export async function startProviders(symbols: string[]) {
  const child = spawn(join(ROOT, ".venv/bin/python"), ["-m", "tests.providers.staged", ...symbols], {
    cwd: ROOT,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { value } = await lines.next();
  if (!value) throw new Error("the fake providers did not start");
  return {
    ...(JSON.parse(value) as {
      tiingo: string;
      yahoo: string;
      archives: string;
      key: string;
      days: Record<string, string[]>;
    }),
    tell: async (command: Record<string, unknown>) => {
      child.stdin.write(`${JSON.stringify(command)}\n`);
      await lines.next();
    },
    stop: () => ended(child),
  };
}
