import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";
import { trustedDocuments } from "./trusted/plugin.ts";

const api = process.env.PARAKEET_URL ?? "http://127.0.0.1:8000";

/** The playground is a document of its own, so that it alone carries the wider security policy. */
const playgroundDocument: Plugin = {
  name: "playground-document",
  configureServer(server) {
    server.middlewares.use((request, _response, next) => {
      if (request.url === "/playground") request.url = "/playground.html";
      next();
    });
  },
};

export default defineConfig({
  plugins: [react(), playgroundDocument, trustedDocuments()],
  server: { proxy: { "/graphql": api, "/downloads": api, "/healthz": api } },
  build: {
    target: "es2022",
    // Inlined files would be data: addresses, which the security policy refuses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 6000,
    rolldownOptions: {
      input: ["index.html", "playground.html"],
      // Dependencies mark modules for a compiler that has already run.
      onwarn: (warning, warn) => warning.code !== "MODULE_LEVEL_DIRECTIVE" && warn(warning),
    },
  },
  test: {
    environment: "jsdom",
    include: ["{src,deploy,trusted}/**/*.test.{ts,tsx}"],
    setupFiles: ["src/test-setup.ts"],
    restoreMocks: true,
    testTimeout: 30_000,
  },
});
