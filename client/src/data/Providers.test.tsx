import { render, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { Providers } from "./Providers";

const YAHOO = {
  __typename: "ProviderHealth" as const,
  name: "Yahoo",
  status: "HEALTHY" as const,
  detail: "ASX, indices.",
  lastSuccessAt: null,
  lastFailureAt: null,
  errorsByKind: {},
  requestsLeft: null,
};

it("calls a provider healthy only once it has answered", () => {
  const { rerender } = render(<Providers providers={[YAHOO]} />);
  expect(screen.getByText("Not asked")).toBeTruthy();

  rerender(<Providers providers={[{ ...YAHOO, lastSuccessAt: "2026-11-22T10:00:00Z" }]} />);
  expect(screen.getByText("Healthy")).toBeTruthy();
  expect(screen.queryByText("Not asked")).toBeNull();
});
