/** JSON of a token, read as strictly here as at the origin: one text, one meaning. */

const MOST_BRACKETS = 100;
const INTEGER = /^-?(?:0|[1-9]\d*)$/;

/** Throws on invalid UTF-8, a byte-order mark, a repeated key, deep nesting, and all but an object. */
export function parseObject(bytes: Uint8Array): Record<string, unknown> {
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  if (text.replaceAll(/[^[{]/g, "").length > MOST_BRACKETS) throw new SyntaxError("nested too deep");
  let members = 0;
  const value: unknown = JSON.parse(text, function (this: unknown, _key: string, value: unknown, context?: Source) {
    if (!Array.isArray(this)) members += 1;
    // 1e9 and 1.0 are no integers to the origin, whatever they are here.
    return typeof value === "number" && !INTEGER.test(context?.source ?? "") ? NaN : value;
  });
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new SyntaxError("not an object");
  // Outside strings a colon stands once per member; of a repeated key only the last is left.
  const colons = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, "").replaceAll(/[^:]/g, "").length;
  // The root is visited as a member of a holder of its own.
  if (colons !== members - 1) throw new SyntaxError("a key is repeated");
  return value as Record<string, unknown>;
}

interface Source {
  source?: string;
}
