import { expect, vi } from "vitest";
import { graphql } from "./browser";
import { startProviders } from "./providers";
import { serve } from "./server";

export const SYMBOLS = ["TSLA", "NVDA", "BHP.AX"];

/** A server of its own whose providers are ours: they say what a test tells them to. */
export async function startStage() {
  const providers = await startProviders(SYMBOLS);
  const server = await serve({
    TIINGO_API_KEY: providers.key,
    PARAKEET_TIINGO_URL: providers.tiingo,
    PARAKEET_YAHOO_URL: providers.yahoo,
    PARAKEET_ECB_URL: providers.archives,
    PARAKEET_FRENCH_URL: providers.archives,
    PARAKEET_RBA_URL: providers.archives,
    // One after the other, so that a person sees each symbol come in.
    PARAKEET_FETCH_CONCURRENCY: "1",
  }).catch(async (error: unknown) => {
    await providers.stop();
    throw error;
  });
  const ask = <T>(query: string, variables: Record<string, unknown> = {}) =>
    graphql<T>(query, variables, server.address);
  return {
    providers,
    ask,
    at: (path: string) => `${server.address}${path}`,
    /** Run a mutation that queues a job, and wait for the job's end. */
    perform: async (mutation: string, input: Record<string, unknown>) => {
      const answer = await ask<Record<string, { job: { id: string } | null; userErrors: unknown[] }>>(mutation, {
        input,
      });
      const { job, userErrors } = Object.values(answer)[0]!;
      expect(userErrors).toEqual([]);
      const succeeded = async () => {
        const found = await ask<{ job: { status: string } }>(STATUS, { id: job!.id });
        expect(found.job.status).toBe("SUCCEEDED");
      };
      await vi.waitFor(succeeded, { timeout: 90_000, interval: 200 });
    },
    stop: async () => {
      await server.stop();
      await providers.stop();
    },
  };
}

const STATUS = "query Status($id: ID!) { job(id: $id) { status } }";
export const RUN = `mutation Run($input: RunBacktestInput!) {
  runBacktest(input: $input) { job { id } userErrors { message } }
}`;
export const INGEST = `mutation Ingest($input: IngestPricesInput!) {
  ingestPrices(input: $input) { job { id } userErrors { message } }
}`;
