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

const sourceId = {
  name: "source_id",
  in: "path",
  required: true,
  description: "The source's `id`. Its `ingest_url` is the whole URL.",
  schema: { type: "string" },
} as const;

const refused = (status: number, error: string): object => ({ error, status, request_id: "req_..." });

const ingestById: ExtraOperation = {
  path: "/v1/ingest/{source_id}",
  method: "post",
  operation: open({
    operationId: "ingestEventById",
    tags: ["Ingest"],
    summary: "Send an event to a source by its id",
    description: "The same with GET, PUT, PATCH and DELETE. An event is answered once it is on disk.",
    parameters: [sourceId],
    requestBody: { required: false, content: { "*/*": { schema: {} } } },
    responses: {
      200: answered("The event is stored. `duplicate`: it repeats another one, and goes nowhere.", {
        event_id: "019dc7f50e527a91b3d78c4e6f1a2b93",
        source_id: "019dc7f12b407c3e9d513f6b0a8e4c27",
      }),
      401: answered("It is not validly signed.", refused(401, "Invalid signature")),
      403: answered("The source is disabled, or refuses the sender's address.", refused(403, "Source is disabled")),
      404: answered("There is no such source.", refused(404, "Source not found")),
      410: answered("The source has expired.", refused(410, "Source has expired")),
      413: answered("The body is larger than the source takes.", refused(413, "Payload too large")),
      422: answered("The body does not fit the source's JSON Schema.", {
        ...refused(422, "Payload does not match the source's schema"),
        validation_errors: [{ path: "/id", message: "must be string" }],
      }),
      429: answered("The source's rate, or its limit of events, is used up.", refused(429, "Too many requests")),
      503: answered("Send it again after `retry-after`.", refused(503, "Service unavailable")),
    },
  }),
};

const ingestFrames: ExtraOperation = {
  path: "/v1/ws/ingest/{source_id}",
  method: "get",
  operation: open({
    operationId: "ingestFrames",
    tags: ["Ingest"],
    summary: "Send events over a WebSocket",
    description:
      "For sources of type `websocket`. Each message is an event of method `WS`, and is answered, in order, with what " +
      "`/v1/ingest` answers. 64 may wait for their answers; then no more are read for a while. Cookies count for nothing here.",
    parameters: [
      sourceId,
      {
        name: "token",
        in: "query",
        required: false,
        description: "The source's secret, or an API key that may write. Also as `X-API-Key` or a bearer token.",
        schema: { type: "string" },
      },
    ],
    responses: {
      101: { description: "The connection is open. It is asked for a sign of life every 25 seconds." },
      400: answered("It is no handshake, or no WebSocket source.", refused(400, "Source is not of type 'websocket'")),
      401: answered("The token is neither.", refused(401, "Invalid token")),
      404: answered("There is no such source.", refused(404, "Source not found")),
      429: answered("The source has 100 connections.", refused(429, "Too many connections")),
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
export const extraOperations: readonly ExtraOperation[] = [ingest, ingestById, ingestFrames, healthz, readyz, metrics];
