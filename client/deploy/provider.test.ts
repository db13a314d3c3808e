// @vitest-environment node
import { afterEach, beforeEach, expect, test } from "vitest";
import { listen, type Listening } from "../e2e/deployed/listen";
import { findProvider } from "./provider";

let server: Listening;
let metadata: Record<string, unknown>;
let status = 200;

beforeEach(async () => {
  server = await listen(async (request, response) => {
    const known = request.url === "/.well-known/openid-configuration";
    response.writeHead(known ? status : 404).end(JSON.stringify(metadata));
  });
  status = 200;
  metadata = {
    issuer: server.origin,
    authorization_endpoint: "https://login.example.com/authorize",
    token_endpoint: "https://tokens.example.com/token",
    revocation_endpoint: "https://tokens.example.com/revoke",
  };
});
afterEach(() => server.stop());

test("the page may talk to the issuer, and to where it keeps its tokens", async () => {
  expect(await findProvider(server.origin)).toEqual({
    origins: [server.origin, "https://tokens.example.com"],
    scope: "openid profile email",
  });
});

test("refresh tokens are asked for where the provider wants to be asked", async () => {
  metadata.scopes_supported = ["openid", "offline_access"];
  expect((await findProvider(server.origin)).scope).toBe("openid profile email offline_access");
});

test("an issuer written with a slash at its end is found as well", async () => {
  metadata.issuer = `${server.origin}/`;
  expect((await findProvider(`${server.origin}/`)).origins[0]).toBe(server.origin);
});

test.each([
  ["another name", { issuer: "https://other.example.com" }, /calls itself "https:\/\/other.example.com"/],
  ["no code flow", { authorization_endpoint: undefined }, /no authorization code flow/],
  ["no PKCE", { code_challenge_methods_supported: ["plain"] }, /no PKCE with S256/],
])("a provider with %s fails the deployment", async (_, change, reason) => {
  Object.assign(metadata, change);
  await expect(findProvider(server.origin)).rejects.toThrow(reason);
});

test("so does one that is not there", async () => {
  status = 503;
  await expect(findProvider(server.origin)).rejects.toThrow("was answered with status 503");
  await server.stop();
  await expect(findProvider(server.origin)).rejects.toThrow("could not be fetched");
});
