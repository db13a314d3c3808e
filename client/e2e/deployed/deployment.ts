import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { writePages } from "../../deploy/pages";
import { findProvider } from "../../deploy/provider";
import { readConfiguration } from "../../src/session/configuration";
import { startEdge } from "./edge";
import { AUDIENCE, CLIENT, startIssuer } from "./issuer";
import { startOrigin } from "./origin";
import { startSite } from "./site";

const DIST = resolve(import.meta.dirname, "../../dist");

/** The build as it is deployed: the page, the edge before the API and the identity provider, each an origin. */
export async function deploy(api: string) {
  const folder = await mkdtemp(join(tmpdir(), "parakeet-site-"));
  await cp(DIST, folder, { recursive: true });
  const [site, issuer, origin] = await Promise.all([startSite(folder), startIssuer(), startOrigin(api)]);
  const given = { origin: origin.origin, issuer: issuer.origin, audience: AUDIENCE, page: site.origin };
  const edge = await startEdge(given);
  const configuration = readConfiguration({
    apiUrl: edge.origin,
    issuer: issuer.origin,
    clientId: CLIENT,
    audience: AUDIENCE,
  })!;
  await writePages(folder, configuration, await findProvider(issuer.origin));
  issuer.allow([site.origin]);
  const stop = async () => {
    await Promise.all([site, edge, origin, issuer].map((each) => each.stop()));
    await rm(folder, { recursive: true });
  };
  return { folder, site, edge, origin, issuer, stop };
}

export type Deployment = Awaited<ReturnType<typeof deploy>>;
