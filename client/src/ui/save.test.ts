import { expect, test } from "vitest";
import { csv } from "./save";

test("cells are quoted only where they must be, and nothing stands for null", () => {
  expect(
    csv(
      ["date", "a, b"],
      [
        ["2024-01-02", 1.5],
        ['say "so"', null],
      ],
    ),
  ).toBe('date,"a, b"\n2024-01-02,1.5\n"say ""so""",\n');
});
