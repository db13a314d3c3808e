import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { BadConfiguration, readConfiguration } from "../src/session/configuration";
import { writePages } from "./pages";
import { findProvider } from "./provider";

const DIST = resolve(import.meta.dirname, "../dist");
const USAGE = "npm run pages -- --config deploy.json";

/** Make the build in dist/ one for Cloudflare Pages, talking to the API and the provider that the file names. */
export async function main(words: string[]): Promise<void> {
  const { values } = parseArgs({ args: words, options: { config: { type: "string" } } });
  if (!values.config) return fail(`Name the configuration: ${USAGE}`);
  try {
    const configuration = readConfiguration(JSON.parse(await readFile(values.config, "utf8")));
    if (!configuration) return fail(`${values.config} is empty: a deployed page needs an API and a provider.`);
    await writePages(DIST, configuration, await findProvider(configuration.issuer));
    console.log(`dist/ now talks to ${configuration.apiUrl}, with accounts of ${configuration.issuer}`);
  } catch (error) {
    const said = error instanceof BadConfiguration ? error.faults.join("\n  ") : (error as Error).message;
    fail(`${values.config}: ${said}`);
  }
}

function fail(message: string) {
  console.error(message);
  process.exitCode = 1;
}
