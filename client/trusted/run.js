// Written in TypeScript, which Node alone does not read.
import { runnerImport } from "vite";

const { module } = await runnerImport(new URL("documents.ts", import.meta.url).pathname, { configFile: false });
module.writeManifest(module.findTrusted());
