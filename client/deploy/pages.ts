import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Configuration } from "../src/session/configuration";
import { headersFile, redirectsFile } from "./policy";
import type { Provider } from "./provider";

/** Write beside a build what makes it one deployment. The build itself is the same everywhere. */
export async function writePages(folder: string, configuration: Configuration, provider: Provider): Promise<void> {
  const { audience, ...always } = configuration;
  const told = { ...always, ...(audience && { audience }), scope: configuration.scope ?? provider.scope };
  const reached = [...new Set([configuration.apiUrl, ...provider.origins])];
  await writeFile(join(folder, "config.json"), JSON.stringify(told, null, 2) + "\n");
  await writeFile(join(folder, "_headers"), headersFile(reached));
  await writeFile(join(folder, "_redirects"), redirectsFile());
  // Without a page for it, the host would answer a missing script with the document.
  await copyFile(join(folder, "index.html"), join(folder, "404.html"));
}
