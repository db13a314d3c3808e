import { expect, test } from "vitest";
import { doubtWords } from "./doubtWords";

test("strong returns of a choice that did not last are not called strong", () => {
  expect(doubtWords({ verdict: "strong", pbo: 0.633 })).toMatch(/^Overfitted: /);
  expect(doubtWords({ verdict: "moderate", pbo: 0.5 })).toMatch(/^Overfitted: /);
});

test("a choice that lasted, or was never put to the test, leaves the verdict as it is", () => {
  expect(doubtWords({ verdict: "strong", pbo: 0.49 })).toMatch(/^Strong: /);
  expect(doubtWords({ verdict: "strong", pbo: null })).toMatch(/^Strong: /);
  expect(doubtWords({ verdict: "weak", pbo: 0.9 })).toMatch(/^Weak: /);
});
