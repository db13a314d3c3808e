// The deployment is written in TypeScript, which Node alone does not read.
import { runnerImport } from "vite";

const { module } = await runnerImport(new URL("main.ts", import.meta.url).pathname, { configFile: false });
await module.main(process.argv.slice(2));
