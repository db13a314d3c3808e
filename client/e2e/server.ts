import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { TestProject } from "vitest/node";

export const ROOT = resolve(import.meta.dirname, "../..");
const START_SECONDS = 120;

declare module "vitest" {
  interface ProvidedContext {
    address: string;
  }
}

export default async function setup(project: TestProject) {
  const { address, stop } = await serve();
  project.provide("address", address);
  return stop;
}

/** The real server on a free port, with a home of its own that goes when it ends. */
export async function serve(settings: Record<string, string> = {}) {
  const command = join(ROOT, ".venv/bin/parakeet");
  if (!existsSync(command)) throw new Error(`${command} is not there: run make run or make test, which install it`);
  // Under /tmp, since the path of the database's socket may not be long.
  const home = await mkdtemp("/tmp/parakeet-e2e-");
  const server = spawn(command, ["serve", "--port", "0"], {
    cwd: ROOT,
    env: { ...process.env, ...settings, PARAKEET_HOME: home },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const stop = async () => {
    await ended(server);
    await rm(home, { recursive: true, force: true });
  };
  try {
    return { address: await addressOf(server), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function addressOf(server: ChildProcess): Promise<string> {
  return new Promise((found, failed) => {
    let said = "";
    const timer = setTimeout(
      () => failed(new Error(`no address within ${START_SECONDS} s; it said:\n${said}`)),
      START_SECONDS * 1000,
    );
    const read = (chunk: Buffer) => {
      said += chunk.toString();
      const match = /http:\/\/[\d.]+:\d+/.exec(said);
      if (!match) return;
      clearTimeout(timer);
      found(match[0]);
    };
    server.stdout?.on("data", read);
    server.stderr?.on("data", read);
    server.once("exit", (code) => {
      clearTimeout(timer);
      failed(new Error(`the server ended with ${code}; it said:\n${said}`));
    });
  });
}

export function ended(server: ChildProcess): Promise<void> {
  return new Promise((done) => {
    if (server.exitCode !== null || server.signalCode !== null) return done();
    const force = setTimeout(() => server.kill("SIGKILL"), 20_000);
    server.once("exit", () => {
      clearTimeout(force);
      done();
    });
    server.kill("SIGTERM");
  });
}
