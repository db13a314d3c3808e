import { cleanup, render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { beforeEach, expect, test } from "vitest";
import { keepForms, returnForms, useKept } from "./kept";

function Form() {
  const [name, setName] = useKept("name", "unnamed");
  return <input aria-label="Name" value={name} onChange={(event) => setName(event.target.value)} />;
}

const shown = () => screen.getByLabelText<HTMLInputElement>("Name").value;

/** Type, leave for the provider, and come back to a page that has just begun. */
async function typeAndLeave() {
  history.replaceState(null, "", "/backtests/new?strategy=hrp");
  render(<Form />);
  await userEvent.clear(screen.getByLabelText("Name"));
  await userEvent.type(screen.getByLabelText("Name"), "mine");
  keepForms("ada-1");
  cleanup();
}

beforeEach(() => sessionStorage.clear());

test("what was typed is there again, once", async () => {
  await typeAndLeave();
  returnForms("ada-1");
  render(<Form />);
  expect(shown()).toBe("mine");

  cleanup();
  render(<Form />);
  expect(shown()).toBe("unnamed");
  expect({ ...sessionStorage }).toEqual({});
});

test("it is not shown to another person", async () => {
  await typeAndLeave();
  returnForms("eve-2");
  render(<Form />);
  expect(shown()).toBe("unnamed");
  expect({ ...sessionStorage }).toEqual({});
});

test("it is not put into another page's form", async () => {
  await typeAndLeave();
  history.replaceState(null, "", "/backtests/new?strategy=momentum");
  returnForms("ada-1");
  render(<Form />);
  expect(shown()).toBe("unnamed");
});
