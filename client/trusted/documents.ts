/** The page's documents and their hashes: an API may be told to execute these and no others. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { addTypenameToDocument } from "@apollo/client/utilities";
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
  stripIgnoredCharacters,
  visit,
} from "graphql";

export const SOURCES = resolve(import.meta.dirname, "../src");
const REPOSITORY = resolve(import.meta.dirname, "../..");
const CURRENT = "api/documents/current.json";
const PREVIOUS = "api/documents/previous.json";

/** One operation with the fragments it needs, as the page sends it, and the hash it is known by. */
export type Trusted = { name: string; hash: string; document: string };

export function findTrusted(folder = SOURCES): Trusted[] {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const files = names.filter((name) => name.endsWith(".graphql")).sort();
  const definitions = files.flatMap((file) => parse(readFileSync(join(folder, file), "utf8")).definitions);
  const fragments = new Map(
    definitions.filter((each) => each.kind === Kind.FRAGMENT_DEFINITION).map((each) => [each.name.value, each]),
  );
  const operations = definitions.filter((each) => each.kind === Kind.OPERATION_DEFINITION);
  const found = operations.map((operation) => trusted(operation, fragments));
  const twice = found.find(({ name }, at) => found.findIndex((other) => other.name === name) !== at);
  if (twice) throw new Error(`two operations are called ${twice.name}; give each a name of its own`);
  return found.sort((one, other) => (one.name < other.name ? -1 : 1));
}

function trusted(operation: OperationDefinitionNode, fragments: Map<string, FragmentDefinitionNode>): Trusted {
  if (!operation.name) throw new Error("an operation of the page has no name");
  const definitions = [operation, ...needed(operation, fragments)];
  // What the cache of the page adds to each document, so that it knows its objects.
  const whole = addTypenameToDocument({ kind: Kind.DOCUMENT, definitions } as DocumentNode);
  const document = stripIgnoredCharacters(print(whole));
  return { name: operation.name.value, hash: createHash("sha256").update(document).digest("hex"), document };
}

function needed(operation: OperationDefinitionNode, fragments: Map<string, FragmentDefinitionNode>) {
  const found = new Map<string, FragmentDefinitionNode>();
  const collect = (node: OperationDefinitionNode | FragmentDefinitionNode) =>
    visit(node, {
      FragmentSpread: ({ name: { value: name } }) => {
        const fragment = fragments.get(name);
        if (!fragment) throw new Error(`${operation.name?.value} spreads ${name}, which is nowhere`);
        if (found.has(name)) return;
        found.set(name, fragment);
        collect(fragment);
      },
    });
  collect(operation);
  return [...found.values()].sort((one, other) => (one.name.value < other.name.value ? -1 : 1));
}

export const manifestOf = (documents: readonly Trusted[]) =>
  `${JSON.stringify(Object.fromEntries(documents.map(({ hash, document }) => [hash, document])), null, 2)}\n`;

/**
 * Write the list the API reads. When it changes, that of the last commit becomes the list before it: a page that was
 * opened before a deployment goes on being served.
 */
export function writeManifest(documents: readonly Trusted[]): void {
  const manifest = manifestOf(documents);
  const last = committed();
  if (last !== null && last !== manifest) writeIfOther(PREVIOUS, last);
  writeIfOther(CURRENT, manifest);
}

function committed(): string | null {
  try {
    return execFileSync("git", ["show", `HEAD:${CURRENT}`], {
      cwd: REPOSITORY,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
  } catch {
    return null; // not a working copy, or none was there
  }
}

function writeIfOther(name: string, content: string): void {
  const path = join(REPOSITORY, name);
  if (existsSync(path) && readFileSync(path, "utf8") === content) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}
