import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { buildSchema, parse, validate } from "graphql";
import { expect, test } from "vitest";
import { EXAMPLES } from "./examples";

const schema = buildSchema(readFileSync(resolve(import.meta.dirname, "../../schema.graphql"), "utf8"));

test.each(EXAMPLES.map(({ query }) => [query.split("\n")[0], query]))("the schema takes it: %s", (_title, query) => {
  expect(validate(schema, parse(query))).toEqual([]);
});
