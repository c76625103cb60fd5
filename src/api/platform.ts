import { createHash, timingSafeEqual } from "node:crypto";

import type { Metrics } from "../observe/metrics.ts";
import { retryAfterSeconds, sendJson } from "./send-json.ts";
import type { Mount } from "./server.ts";

/** What the platform's own routes tell of. */
export type PlatformParts = {
  /** Whether events can be taken now, and if not, why: a sentence for the operator, without secrets. */
  readonly readiness: () => Promise<{ readonly ready: true } | { readonly ready: false; readonly reason: string }>;
  readonly metrics: Pick<Metrics, "text" | "contentType">;
  /** The bearer token that `/metrics` takes. Null: none is needed. */
  readonly metricsToken: string | null;
};

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Whether a header shows the token, in a time that says nothing of how much of it was right. */
const showsToken = (authorization: string | undefined, token: string): boolean => {
  const [, shown] = /^bearer +(\S+) *$/i.exec(authorization ?? "") ?? [];
  return shown !== undefined && timingSafeEqual(digest(shown), digest(token));
};

/** `/healthz` (the process is alive), `/readyz` (it can take events) and `/metrics`. */
export const mountPlatform =
  ({ readiness, metrics, metricsToken }: PlatformParts): Mount =>
  (app) => {
    app.get("/healthz", (_request, reply) => sendJson(reply, 200, { ok: true }));
    app.get("/readyz", async (_request, reply) => {
      const state = await readiness();
      return state.ready
        ? sendJson(reply, 200, { ok: true })
        : sendJson(reply.header("retry-after", retryAfterSeconds), 503, { ok: false, error: state.reason });
    });
    app.get("/metrics", async (request, reply) => {
      if (metricsToken !== null && !showsToken(request.headers.authorization, metricsToken)) {
        return sendJson(reply.header("www-authenticate", "Bearer"), 401, { error: "Invalid or missing token" });
      }
      return reply
        .header("cache-control", "no-store")
        .type(metrics.contentType)
        .send(await metrics.text());
    });
  };
