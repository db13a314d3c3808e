import { expect, test } from "vitest";
import { age, endOf, sessionsWords, yearsEarlier } from "./words";

test("an age counts calendar days to now, or to the day one stands at", () => {
  const now = Date.parse("2024-03-04T12:00:00Z");
  expect(age("2024-03-01", "", now)).toBe(3);
  expect(age("2024-03-01", "2024-03-02", now)).toBe(1);
  expect(age("2024-03-05", "", now)).toBe(0);
});

test("a day one stands at lasts to its end; no day is now", () => {
  expect(endOf("2020-03-20")).toBe("2020-03-20T23:59:59Z");
  expect(endOf("")).toBeNull();
});

test("years go back by the calendar", () => {
  expect(yearsEarlier("2022-12-28", 5)).toBe("2017-12-28");
  expect(yearsEarlier("2024-02-29", 1)).toBe("2023-03-01");
});

test("sessions are whole, and one is one", () => {
  expect(sessionsWords(1.2)).toBe("1 session");
  expect(sessionsWords(1234.6)).toBe("1,235 sessions");
});
