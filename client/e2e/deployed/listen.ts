import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

export type Listening = { origin: string; stop: () => Promise<void> };

/** A server on a free port of this machine. What its handler throws is answered and told. */
export async function listen(answer: (...given: Parameters<RequestListener>) => Promise<void>): Promise<Listening> {
  const server = createServer((request, response) => {
    answer(request, response).catch((error: Error) => {
      console.error(error);
      response.writeHead(500).end(error.message);
    });
  });
  // Longer than workerd keeps its connections: who closes one must not be who is asked on it.
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address() as AddressInfo;
  const stop = () =>
    new Promise<void>((stopped) => {
      server.close(() => stopped());
      server.closeAllConnections();
    });
  return { origin: `http://127.0.0.1:${port}`, stop };
}

export async function bodyOf(request: IncomingMessage): Promise<Buffer<ArrayBuffer>> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
