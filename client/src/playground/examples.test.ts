import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { buildSchema, getOperationAST, parse, validate } from "graphql";
import { expect, test } from "vitest";
import { EXAMPLES, FIRST } from "./examples";

const schema = buildSchema(readFileSync(resolve(import.meta.dirname, "../../schema.graphql"), "utf8"));
const all = EXAMPLES.flatMap(({ examples }) => examples);

test.each(all.map(({ field, query }) => [field, query]))("the schema takes the example of %s", (field, query) => {
  const document = parse(query);

  expect(validate(schema, document)).toEqual([]);
  const asked = getOperationAST(document)?.selectionSet.selections ?? [];
  expect(asked.map((selection) => selection.kind === "Field" && selection.name.value)).toContain(field);
});

test("each begins with a sentence that says what it does", () => {
  expect(all.filter(({ query }) => !/^# [A-Z].+\n/.test(query)).map(({ field }) => field)).toEqual([]);
});

test("the tabs opened first are there", () => {
  expect(FIRST.every(({ query }) => query.length > 0)).toBe(true);
});
