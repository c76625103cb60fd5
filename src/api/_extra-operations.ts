import type { ExtraOperation, OperationObject, ResponseObject } from "./openapi.ts";

const answered = (description: string, example: object): ResponseObject => ({
  description,
  content: { "application/json": { schema: { type: "object" }, example } },
});

const open = (
  parts: Pick<OperationObject, "operationId" | "tags" | "summary" | "responses"> & Partial<OperationObject>,
) => ({
  security: [],
  parameters: [],
  ...parts,
});

const ingest: ExtraOperation = {
  path: "/in/{slug}",
  method: "post",
  operation: open({
    operationId: "ingestEvent",
    tags: ["Ingest"],
    summary: "Send an event",
    description:
      "What a provider posts to. Any body, with any content type. An event is answered once it is on disk, whether its " +
      "signature is valid or not.",
    parameters: [
      {
        name: "slug",
        in: "path",
        required: true,
        description: "The source's `slug`. Its `url` is the whole of it.",
        schema: { type: "string" },
      },
    ],
    requestBody: { required: false, content: { "*/*": { schema: {} } } },
    responses: {
      200: answered("The event is stored.", { ok: true }),
      404: answered("There is no such source.", { error: "not_found" }),
      405: answered("Only POST is taken.", { error: "method_not_allowed" }),
      413: answered("The body is larger than the source takes.", { error: "payload_too_large" }),
      429: answered("The source's rate is used up. `retry-after` says how long to wait.", { error: "rate_limited" }),
      503: answered("The gateway cannot store events now; send it again after `retry-after`.", { error: "overloaded" }),
    },
  }),
};

const healthz: ExtraOperation = {
  path: "/healthz",
  method: "get",
  operation: open({
    operationId: "getLiveness",
    tags: ["Platform"],
    summary: "Is it alive?",
    responses: { 200: answered("The process answers.", { ok: true }) },
  }),
};

const readyz: ExtraOperation = {
  path: "/readyz",
  method: "get",
  operation: open({
    operationId: "getReadiness",
    tags: ["Platform"],
    summary: "Can it take events?",
    responses: {
      200: answered("It can.", { ok: true }),
      503: answered("It cannot, and says why.", { ok: false, error: "the disk is almost full" }),
    },
  }),
};

const metrics: ExtraOperation = {
  path: "/metrics",
  method: "get",
  operation: open({
    operationId: "getMetrics",
    tags: ["Platform"],
    summary: "Metrics",
    description: "In Prometheus' text format. Takes a bearer token when `METRICS_TOKEN` is set.",
    responses: {
      200: { description: "All of them.", content: { "text/plain": { schema: { type: "string" } } } },
      401: answered("The token is missing or wrong.", { error: "Invalid or missing token" }),
    },
  }),
};

/** What the server answers beside the management APIs. */
export const extraOperations: readonly ExtraOperation[] = [ingest, healthz, readyz, metrics];
