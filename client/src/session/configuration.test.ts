import { afterEach, expect, test, vi } from "vitest";
import { BadConfiguration, fetchConfiguration, readConfiguration } from "./configuration";

const RIGHT = { apiUrl: "https://api.example.com", issuer: "https://id.example.com/", clientId: "page" };

afterEach(() => vi.unstubAllGlobals());

const answering = (response: Response) => vi.stubGlobal("fetch", async () => response);

const faultsOf = (value: unknown): readonly string[] => {
  try {
    readConfiguration(value);
  } catch (error) {
    return (error as BadConfiguration).faults;
  }
  return [];
};

test("the issuer stays as it is written, what is optional may be absent", () => {
  expect(readConfiguration(RIGHT)).toEqual({ ...RIGHT, audience: null, scope: null });
  expect(readConfiguration({ ...RIGHT, apiUrl: "https://api.example.com/", audience: "a", scope: "openid b" })).toEqual(
    {
      ...RIGHT,
      audience: "a",
      scope: "openid b",
    },
  );
});

test("nothing there, or nothing in it, is the local page", async () => {
  answering(new Response("gone", { status: 404 }));
  expect(await fetchConfiguration()).toBeNull();
  answering(Response.json({}));
  expect(await fetchConfiguration()).toBeNull();
});

test.each([
  [[], "The configuration must be an object."],
  [null, "The configuration must be an object."],
  [{ ...RIGHT, apiURL: "x" }, '"apiURL" is not known; known are apiUrl, issuer, clientId, audience, scope.'],
  [{ ...RIGHT, clientId: 7 }, '"clientId" must be a string.'],
  [{ apiUrl: RIGHT.apiUrl, clientId: "page" }, '"issuer" is missing.'],
  [{ ...RIGHT, clientId: "" }, '"clientId" is missing.'],
  [
    { ...RIGHT, apiUrl: "http://api.example.com" },
    '"apiUrl" was "http://api.example.com"; it must begin with https://.',
  ],
  [{ ...RIGHT, issuer: "id.example.com" }, '"issuer" was "id.example.com"; it must be an https address.'],
  [
    { ...RIGHT, apiUrl: "https://api.example.com/graphql" },
    '"apiUrl" was "https://api.example.com/graphql"; it must be an origin only: "https://api.example.com".',
  ],
])("a fault is told in a sentence: %j", (value, sentence) => {
  expect(faultsOf(value)).toEqual([sentence]);
});

test("plain HTTP is for this machine alone", () => {
  expect(faultsOf({ ...RIGHT, apiUrl: "http://127.0.0.1:8000", issuer: "http://localhost:9" })).toEqual([]);
  expect(faultsOf({ ...RIGHT, apiUrl: "http://127.0.0.1.example.com" })).toHaveLength(1);
});

test("a configuration that cannot be read stops the page with a reason", async () => {
  answering(new Response("<!doctype html>"));
  await expect(fetchConfiguration()).rejects.toThrow("/config.json is not JSON.");
  answering(new Response("", { status: 500 }));
  await expect(fetchConfiguration()).rejects.toThrow("Its configuration was answered with status 500.");
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no network")));
  await expect(fetchConfiguration()).rejects.toThrow("Check that you are online.");
});
