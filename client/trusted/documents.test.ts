// @vitest-environment node
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { ApolloClient, ApolloLink, gql, InMemoryCache, Observable } from "@apollo/client";
import { buildSchema, parse, validate } from "graphql";
import { afterEach, expect, test } from "vitest";
import { makeTrustedLink } from "../src/links";
import { findTrusted, manifestOf, SOURCES } from "./documents";

const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })));

function folderOf(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "documents-"));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

test("the API's list is that of the page", () => {
  const committed = readFileSync(resolve(SOURCES, "../../api/documents/current.json"), "utf8");
  expect(committed, "run make codegen").toBe(manifestOf(findTrusted()));
});

test("every operation of the page is in it, valid against the schema, under the hash of its text", () => {
  const schema = buildSchema(readFileSync(resolve(SOURCES, "../schema.graphql"), "utf8"));
  const sources = readdirSync(SOURCES, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".graphql"),
  );
  const written = sources.flatMap((name) =>
    [...readFileSync(join(SOURCES, name), "utf8").matchAll(/^(?:query|mutation) (\w+)/gm)].map(([, called]) => called!),
  );
  const found = findTrusted();
  expect(found.map(({ name }) => name)).toEqual(written.sort());
  for (const { hash, document } of found) {
    expect(validate(schema, parse(document))).toEqual([]);
    expect(hash).toBe(createHash("sha256").update(document).digest("hex"));
  }
});

test("an operation takes along the fragments it needs, and no others, with the names of types", () => {
  const folder = folderOf({
    "a.graphql": "query A { a { ...One } }\nfragment Other on A { z }",
    "b.graphql": "fragment Two on B { y }\nfragment One on A { x { ...Two } }",
  });
  expect(findTrusted(folder).map(({ document }) => document)).toEqual([
    "query A{a{...One __typename}}fragment One on A{x{...Two __typename}__typename}fragment Two on B{y __typename}",
  ]);
});

test.each([
  ["a name twice", { "a.graphql": "query A { a }", "b.graphql": "mutation A { b }" }, "two operations are called A"],
  ["no name", { "a.graphql": "{ a }" }, "has no name"],
  ["a fragment that is nowhere", { "a.graphql": "query A { ...Gone }" }, "A spreads Gone, which is nowhere"],
])("%s stops the build", (_, files, message) => {
  expect(() => findTrusted(folderOf(files))).toThrow(message);
});

test("the page sends the hash in place of the text, and the text of what has none", async () => {
  const sent: ApolloLink.Operation[] = [];
  const terminal = new ApolloLink((operation) => {
    sent.push(operation);
    return new Observable((observer) => {
      observer.next({ data: { a: 1 } });
      observer.complete();
    });
  });
  const link = ApolloLink.from([makeTrustedLink({ A: "0a" }), terminal]);
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  const queries = [gql("query A { a }"), gql("query B { a }")];
  for (const query of queries) await client.query({ query, fetchPolicy: "no-cache" });

  expect(sent.map(({ extensions }) => extensions)).toEqual([{ persistedQuery: { version: 1, sha256Hash: "0a" } }, {}]);
  expect(sent.map((operation) => operation.getContext().http)).toEqual([
    { includeExtensions: true, includeQuery: false },
    undefined,
  ]);
});
