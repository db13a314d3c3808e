/** What the Worker talks to: an issuer with keys, and an origin that keeps what it is sent. */

import { exportJWK, generateKeyPair, SignJWT, type JWK } from "jose";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export const ISSUER = "https://login.example.com/";
export const AUDIENCE = "https://api.example.com";
export const PAGE = "https://app.example.com";
export const EDGE_KEYS = JSON.stringify({
  current: { id: "edge-2", key: Buffer.alloc(32, 2).toString("base64") },
  previous: null,
});

export interface Listening {
  url: string;
  close: () => void;
}

export async function listen(listener: RequestListener): Promise<Listening> {
  const server: Server = createServer(listener);
  // Longer than workerd keeps its connections: who closes one must not be who is asked on it.
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

type Signer = Awaited<ReturnType<typeof generateKeyPair>>["privateKey"];

export class Issuer {
  readonly public: JWK;
  private readonly sign: Signer;
  readonly kid: string;

  private constructor(kid: string, sign: Signer, jwk: JWK) {
    this.kid = kid;
    this.sign = sign;
    this.public = { ...jwk, kid, use: "sig" };
  }

  static async make(kid: string): Promise<Issuer> {
    const { privateKey, publicKey } = await generateKeyPair("RS256");
    return new Issuer(kid, privateKey, await exportJWK(publicKey));
  }

  token(subject = "auth0|alice", scope = "api:explore"): Promise<string> {
    return new SignJWT({ scope })
      .setProtectedHeader({ alg: "RS256", typ: "at+jwt", kid: this.kid })
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setSubject(subject)
      .setIssuedAt()
      .setExpirationTime("1h")
      .sign(this.sign);
  }
}

/** What arrived at the origin. */
export interface Received {
  method: string;
  url: string;
  headers: IncomingMessage["headers"];
  body: Buffer;
}

export function keeping(received: Received[]): RequestListener {
  return (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      received.push({ method, url, headers, body: Buffer.concat(chunks) });
      response.setHeader("content-type", "application/json");
      response.setHeader("x-request-id", "the origin's");
      response.setHeader("server", "the origin's");
      response.setHeader("set-cookie", "a=b");
      response.setHeader("access-control-allow-origin", "*");
      response.end('{"data":{}}');
    });
  };
}
