import type { MockLink } from "@apollo/client/testing";
import { MockedProvider } from "@apollo/client/testing/react";
import { render } from "@testing-library/react";
import type { ReactNode } from "react";
import { MemoryRouter, Route, Routes } from "react-router";
import { makeCache } from "../apollo";

/** Render a page at its address against scripted answers; anything else the router reaches shows its path. */
export function renderPage(page: ReactNode, mocks: readonly MockLink.MockedResponse[], { at = "/", path = "*" } = {}) {
  return render(
    <MockedProvider mocks={[...mocks]} cache={makeCache()}>
      <MemoryRouter initialEntries={[at]}>
        <Routes>
          <Route path={path} element={page} />
          <Route path="/backtests/:id" element={<p>report of the run</p>} />
        </Routes>
      </MemoryRouter>
    </MockedProvider>,
  );
}
