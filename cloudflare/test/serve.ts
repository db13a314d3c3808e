/** Runs the Worker in workerd for another process: settings on stdin, the address on stdout. */

import { createInterface } from "node:readline";

import { startWorker, type Given } from "./workerd.ts";

const lines = createInterface({ input: process.stdin });
lines.once("line", (line) => {
  void serve(JSON.parse(line) as Given);
});

async function serve(given: Given): Promise<void> {
  const worker = await startWorker(given);
  lines.once("close", () => void worker.dispose());
  console.log(JSON.stringify({ url: (await worker.ready).origin }));
}
