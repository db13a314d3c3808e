import { expect, test } from "vitest";
import { dominanceWords, doubtWords } from "./doubtWords";

test("strong returns of a choice that did not last are not called strong", () => {
  expect(doubtWords({ verdict: "strong", pbo: 0.633 })).toMatch(/^Overfitted: /);
  expect(doubtWords({ verdict: "moderate", pbo: 0.5 })).toMatch(/^Overfitted: /);
});

test("a choice that lasted, or was never put to the test, leaves the verdict as it is", () => {
  expect(doubtWords({ verdict: "strong", pbo: 0.49 })).toMatch(/^Strong: /);
  expect(doubtWords({ verdict: "strong", pbo: null })).toMatch(/^Strong: /);
  expect(doubtWords({ verdict: "weak", pbo: 0.9 })).toMatch(/^Weak: /);
});

test("choosing is called better only where it was, or safer", () => {
  const told = [
    { firstOrder: true, secondOrder: true },
    { firstOrder: false, secondOrder: true },
    { firstOrder: false, secondOrder: false },
  ].map(dominanceWords);

  expect(told.map((words) => /at least as well|safer|worse/.exec(words)?.[0])).toEqual([
    "at least as well",
    "safer",
    "worse",
  ]);
});
