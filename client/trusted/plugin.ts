import type { Plugin } from "vite";
import { findTrusted, writeManifest } from "./documents.ts";

const MODULE = "virtual:trusted";

/** Gives the page the hash of each operation, and the API the list. While developing, documents travel as text. */
export function trustedDocuments(): Plugin {
  let building = false;
  return {
    name: "trusted-documents",
    configResolved: ({ command }) => {
      building = command === "build";
    },
    resolveId: (id) => (id === MODULE ? `\0${MODULE}` : undefined),
    load: (id) => {
      if (id !== `\0${MODULE}`) return;
      const documents = building ? findTrusted() : [];
      if (building) writeManifest(documents);
      const hashes = Object.fromEntries(documents.map(({ name, hash }) => [name, hash]));
      return `export default ${JSON.stringify(hashes)}`;
    },
  };
}
