import { expect, test } from "vitest";
import { dayAfter, daysBetween, endOf, past, today } from "./view";

test("days are counted in UTC, across a change of summer time", () => {
  expect(daysBetween("2026-10-03", "2026-10-05")).toBe(2);
  expect(dayAfter("2026-10-03", 2)).toBe("2026-10-05");
  expect(dayAfter("2024-02-28", 1)).toBe("2024-02-29");
});

test("what was known on a day is what was known at its end", () => {
  expect(endOf("2026-11-21")).toBe("2026-11-21T23:59:59.999999Z");
  expect(endOf(null)).toBe(null);
});

test("today is that of UTC, as the days of knowledge are", () => {
  expect(today(Date.parse("2026-11-21T23:30:00Z"))).toBe("2026-11-21");
});

test("the end of today is still to come: now stands for it", () => {
  const now = Date.parse("2026-11-21T23:30:00Z");
  expect(past(endOf("2026-11-21"), now)).toBe(null);
  expect(past(endOf("2026-11-20"), now)).toBe("2026-11-20T23:59:59.999999Z");
  expect(past(null, now)).toBe(null);
});
