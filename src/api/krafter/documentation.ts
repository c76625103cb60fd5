import type { Scope } from "../../access/scopes.ts";
import { fieldsOf, toJsonSchema } from "../json-schema.ts";
import type { DocumentedApi, DocumentedError } from "../openapi.ts";
import type { Route, RouteInfo } from "../route.ts";
import { krafterPrefix } from "./dialect.ts";

const takesBody = ({ body }: RouteInfo): boolean => fieldsOf(toJsonSchema(body, "input")).length > 0;
const takesQuery = ({ query }: RouteInfo): boolean => fieldsOf(toJsonSchema(query, "input")).length > 0;
/** All but GET are read to their end, whatever a route makes of it. */
const hasBody = ({ method }: RouteInfo): boolean => method !== "GET";
const always = (): boolean => true;

/** What the routes answer when they do not do what was asked. */
const errors: readonly DocumentedError[] = [
  {
    status: 400,
    description: "The body is not a JSON object.",
    example: { error: "Request body is not valid JSON" },
    appliesTo: hasBody,
  },
  {
    status: 401,
    description: "The key is missing, malformed, unknown, expired or revoked.",
    example: { error: "Invalid or missing API key" },
    appliesTo: always,
  },
  {
    status: 403,
    description: "The key may not do this.",
    example: { error: "Insufficient scope" },
    appliesTo: always,
  },
  {
    status: 404,
    description: "There is no such thing, or it belongs to another team or environment.",
    example: { error: "Not found" },
    appliesTo: ({ path }) => path.includes(":"),
  },
  {
    status: 413,
    description: "The body is larger than any that these routes need.",
    example: { error: "Request body too large" },
    appliesTo: hasBody,
  },
  {
    status: 422,
    description: "A field cannot be taken as it is.",
    example: { error: "Validation failed", details: { field: ["can't be blank"] } },
    appliesTo: (route) => takesBody(route) || takesQuery(route),
  },
  {
    status: 429,
    description: "The team has made too many requests in this minute. `retry-after` says how long to wait.",
    example: { error: "Rate limit exceeded", retry_after: 23 },
    appliesTo: always,
  },
  {
    status: 500,
    description: "A fault of the gateway. The same request may be sent again.",
    example: { error: "Internal server error" },
    appliesTo: always,
  },
  {
    status: 503,
    description: "The gateway or its store cannot do it now. Send it again after `retry-after` seconds.",
    example: { error: "Service unavailable" },
    appliesTo: always,
  },
];

/** The Krafter API, as it is documented. */
export const krafterApi = (routes: readonly Route<Scope>[]): DocumentedApi => ({
  prefix: krafterPrefix,
  name: null,
  routes,
  errors,
  refusalExample: (_status, sentence) => ({ error: sentence }),
  securitySchemes: {
    apiKey: { type: "http", scheme: "bearer", description: "`Authorization: Bearer kr_live_…`" },
  },
  security: (scope) => [{ apiKey: [scope] }],
});
