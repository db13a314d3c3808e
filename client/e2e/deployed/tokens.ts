import { generateKeyPairSync, sign, verify } from "node:crypto";

export type Claims = Record<string, unknown> & { iss: string; aud: string; sub: string; exp: number; iat: number };

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** Signs and reads JWTs with a key of its own. */
export function makeSigner() {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return {
    jwk: { ...publicKey.export({ format: "jwk" }), kid: "one", alg: "RS256", use: "sig" },
    sign: (claims: Claims, typ = "JWT"): string => {
      const said = `${encoded({ alg: "RS256", kid: "one", typ })}.${encoded(claims)}`;
      return `${said}.${sign("sha256", Buffer.from(said), privateKey).toString("base64url")}`;
    },
    /** The claims of a token that we signed and that is not over; null for any other. */
    read: (token: string): Claims | null => {
      const [head = "", body = "", signature = ""] = token.split(".");
      const ours = verify("sha256", Buffer.from(`${head}.${body}`), publicKey, Buffer.from(signature, "base64url"));
      if (!ours) return null;
      const claims = JSON.parse(Buffer.from(body, "base64url").toString()) as Claims;
      return claims.exp > Date.now() / 1000 ? claims : null;
    },
  };
}
