import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { writePages } from "../../deploy/pages";
import { findProvider } from "../../deploy/provider";
import { readConfiguration } from "../../src/session/configuration";
import { startEdge } from "./edge";
import { AUDIENCE, CLIENT, startIssuer } from "./issuer";
import { startSite } from "./site";

const DIST = resolve(import.meta.dirname, "../../dist");

/** The build as it is deployed: the page, the API and the identity provider, each on an origin of its own. */
export async function deploy(api: string) {
  const folder = await mkdtemp(join(tmpdir(), "parakeet-site-"));
  await cp(DIST, folder, { recursive: true });
  const issuer = await startIssuer();
  const edge = await startEdge(api, issuer);
  const configuration = readConfiguration({
    apiUrl: edge.origin,
    issuer: issuer.origin,
    clientId: CLIENT,
    audience: AUDIENCE,
  })!;
  await writePages(folder, configuration, await findProvider(issuer.origin));
  const site = await startSite(folder);
  issuer.allow([site.origin]);
  edge.allow(site.origin);
  const stop = async () => {
    await Promise.all([site.stop(), edge.stop(), issuer.stop()]);
    await rm(folder, { recursive: true });
  };
  return { folder, site, edge, issuer, stop };
}

export type Deployment = Awaited<ReturnType<typeof deploy>>;
