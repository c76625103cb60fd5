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

type Docs = { readonly json: string; readonly page: string };

const makeDocs = ({ apis, ...about }: DocsParts): Docs => {
  const document = describeApis(about, apis, extraOperations);
  return { json: JSON.stringify(document, null, 2), page: docsPage(document) };
};

/**
 * `/openapi.json` for programs, and `/docs` for people, of the routes themselves. Made once, when first asked for: it takes a tenth of
 * a second, which a start need not.
 */
export const mountDocs =
  (parts: DocsParts): Mount =>
  (app) => {
    let made: Docs | null = null;
    const docs = (): Docs => (made ??= makeDocs(parts));
    const headers = { "cache-control": "public, max-age=300", "x-content-type-options": "nosniff" };
    app.get("/openapi.json", (_request, reply) =>
      reply.headers(headers).type("application/json; charset=utf-8").send(docs().json),
    );
    app.get("/docs", (_request, reply) =>
      reply
        .headers({ ...headers, "content-security-policy": contentSecurityPolicy, "referrer-policy": "no-referrer" })
        .type("text/html; charset=utf-8")
        .send(docs().page),
    );
  };
