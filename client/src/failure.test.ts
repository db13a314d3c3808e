import { CombinedGraphQLErrors } from "@apollo/client/errors";
import { expect, test } from "vitest";
import { failureOf } from "./failure";

const refused = (...codes: string[]) =>
  new CombinedGraphQLErrors({
    errors: codes.map((code) => ({ message: "no backtest of yours has the id 'x'", extensions: { code } })),
  });

test("what is wrong with the address is not laid at the server's door", () => {
  expect(failureOf(refused("NOT_FOUND")).title).toBe("This cannot be shown");
  expect(failureOf(refused("INTERNAL")).title).toBe("The server could not answer");
  expect(failureOf(refused("NOT_FOUND", "INTERNAL")).title).toBe("The server could not answer");
});
