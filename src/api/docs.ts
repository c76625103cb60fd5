import { createHash } from "node:crypto";

import { docsPage } from "./_docs-page.ts";
import { docsStyle } from "./_docs-style.ts";
import { extraOperations } from "./_extra-operations.ts";
import { describeApis, type DocumentedApi } from "./openapi.ts";
import type { Mount } from "./server.ts";

/** What the documentation is made of. */
export type DocsParts = {
  readonly version: string;
  /** Where the gateway is reached. No slash at its end. */
  readonly publicUrl: string;
  readonly apis: readonly DocumentedApi[];
};

/** The one style of the page may be used, and nothing else may be loaded or run, whatever slipped into it. */
const contentSecurityPolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(docsStyle).digest("base64")}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** `/openapi.json` for programs, and `/docs` for people: both made once, of the routes themselves. */
export const mountDocs =
  ({ apis, ...about }: DocsParts): Mount =>
  (app) => {
    const document = describeApis(about, apis, extraOperations);
    const json = JSON.stringify(document, null, 2);
    const page = docsPage(document);
    const headers = { "cache-control": "public, max-age=300", "x-content-type-options": "nosniff" };
    app.get("/openapi.json", (_request, reply) =>
      reply.headers(headers).type("application/json; charset=utf-8").send(json),
    );
    app.get("/docs", (_request, reply) =>
      reply
        .headers({ ...headers, "content-security-policy": contentSecurityPolicy, "referrer-policy": "no-referrer" })
        .type("text/html; charset=utf-8")
        .send(page),
    );
  };
