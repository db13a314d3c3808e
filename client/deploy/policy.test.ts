// @vitest-environment node
import { expect, test } from "vitest";
import { PAGE_PATHS } from "../src/paths";
import { headersFile, redirectsFile } from "./policy";

const REACHED = ["https://api.example.com", "https://id.example.com"];

/** The directives that a rule of the file gives, by name. */
function policyOf(path: string): Record<string, string> {
  const rule = headersFile(REACHED)
    .split("\n\n")
    .find((each) => each.startsWith(`${path}\n`))!;
  const policy = /^ {2}Content-Security-Policy: (.*)$/m.exec(rule)![1]!;
  return Object.fromEntries(
    policy.split("; ").map((each) => [each.split(" ")[0]!, each.split(" ").slice(1).join(" ")]),
  );
}

test("the page may run its own scripts, use its own styles and talk to two others", () => {
  expect(policyOf("/*")).toEqual({
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self' https://api.example.com https://id.example.com",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "object-src": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "'none'",
  });
});

test("the playground alone may write styles and start workers, in place of the page's policy", () => {
  expect(policyOf("/playground")).toEqual({
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data:",
    "font-src": "'self' data:",
    "worker-src": "'self' blob:",
    "connect-src": "'self' https://api.example.com https://id.example.com",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
    "object-src": "'none'",
  });
  expect(headersFile(REACHED)).toContain("/playground\n  ! Content-Security-Policy\n  Content-Security-Policy: ");
});

test("every answer carries the other headers, and stays within the host's limits", () => {
  const everywhere = headersFile(REACHED).split("\n\n")[0]!;
  expect(everywhere).toContain("\n  Strict-Transport-Security: max-age=31536000\n");
  expect(everywhere).toContain("\n  X-Content-Type-Options: nosniff\n");
  expect(everywhere).toContain("\n  Referrer-Policy: no-referrer\n");
  expect(everywhere).toContain("\n  Cross-Origin-Opener-Policy: same-origin\n");
  expect(everywhere).toContain("\n  ! Access-Control-Allow-Origin\n".trimEnd());
  const features = /Permissions-Policy: (.*)/.exec(everywhere)![1]!.split(", ");
  expect(features.every((feature) => feature.endsWith("=()"))).toBe(true);
  expect(
    headersFile(REACHED)
      .split("\n")
      .every((line) => line.length <= 2000),
  ).toBe(true);
});

test("every page of the router, and the two ends of a session, are the one document", () => {
  expect(redirectsFile().trim().split("\n")).toEqual(
    [...PAGE_PATHS, "/signed-in", "/signed-out"].map((path) => `${path} / 200`),
  );
});
