/** Headers and routes of the deployed page, in the two formats of Cloudflare Pages. */
import { PAGE_PATHS, PLAYGROUND, SIGNED_IN, SIGNED_OUT } from "../src/paths";

const POLICY = "Content-Security-Policy";

const SHARED = {
  "default-src": "'none'",
  "script-src": "'self'",
  "base-uri": "'none'",
  "frame-ancestors": "'none'",
  "object-src": "'none'",
};
const PAGE = {
  ...SHARED,
  "style-src": "'self'",
  "img-src": "'self' data:",
  "font-src": "'self'",
  "form-action": "'self'",
  "require-trusted-types-for": "'script'",
  // No part of the page makes markup or scripts out of text, so none may.
  "trusted-types": "'none'",
};
// Its editor writes style elements and starts workers.
const EDITOR = {
  ...SHARED,
  "style-src": "'self' 'unsafe-inline'",
  "img-src": "'self' data:",
  "font-src": "'self' data:",
  "worker-src": "'self' blob:",
  "form-action": "'none'",
};
const NO_FEATURES = [
  "accelerometer",
  "camera",
  "display-capture",
  "geolocation",
  "gyroscope",
  "magnetometer",
  "microphone",
  "midi",
  "payment",
  "publickey-credentials-get",
  "screen-wake-lock",
  "serial",
  "usb",
  "xr-spatial-tracking",
];
const FIXED = {
  "Strict-Transport-Security": "max-age=31536000",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Permissions-Policy": NO_FEATURES.map((name) => `${name}=()`).join(", "),
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
};

/** `reached` are the origins, besides its own, that the page may talk to. */
export function headersFile(reached: readonly string[]): string {
  const connect = { "connect-src": ["'self'", ...reached].join(" ") };
  return [
    rule("/*", [
      ...Object.entries(FIXED).map(([name, value]) => `${name}: ${value}`),
      `${POLICY}: ${written({ ...PAGE, ...connect })}`,
      // The host allows every origin to read its files, unless told otherwise.
      "! Access-Control-Allow-Origin",
    ]),
    // A rule adds to those before it; two policies would both hold, so the first is taken away.
    rule(PLAYGROUND, [`! ${POLICY}`, `${POLICY}: ${written({ ...EDITOR, ...connect })}`]),
    rule("/assets/*", ["Cache-Control: public, max-age=31536000, immutable"]),
  ].join("\n");
}

/** The routes of the router are one document; whatever else is missing is 404, and never that document. */
export const redirectsFile = () => [...PAGE_PATHS, SIGNED_IN, SIGNED_OUT].map((path) => `${path} / 200\n`).join("");

const rule = (path: string, lines: readonly string[]) => [path, ...lines.map((line) => `  ${line}`), ""].join("\n");

const written = (policy: Record<string, string>) =>
  Object.entries(policy)
    .map(([directive, value]) => `${directive} ${value}`)
    .join("; ");
