import { sessionCookieName } from "../../accounts/session-cookie.ts";
import { fieldsOf, toJsonSchema } from "../json-schema.ts";
import type { DocumentedApi, DocumentedError } from "../openapi.ts";
import type { RouteInfo } from "../route.ts";
import { hookstreamPrefix } from "./dialect.ts";
import type { Route } from "./route.ts";

const takesQuery = ({ query }: RouteInfo): boolean => fieldsOf(toJsonSchema(query, "input")).length > 0;
/** All but GET are read to their end, whatever a route makes of it. */
const hasBody = ({ method }: RouteInfo): boolean => method !== "GET";
const always = (): boolean => true;
const isClosed = ({ scope }: RouteInfo): boolean => scope !== "open";

const requestId = "req_019dc7f52b407c3e9d513f6b0a8e4c27";

const error = (status: number, sentence: string) => ({ error: sentence, status, request_id: requestId });

/** What the routes answer when they do not do what was asked. */
const errors: readonly DocumentedError[] = [
  {
    status: 400,
    description: "The body or the query cannot be taken as it is. The sentence names the field.",
    example: error(400, "Invalid body: 'slug' must match pattern ^[a-z0-9-]+$"),
    appliesTo: (route) => hasBody(route) || takesQuery(route),
  },
  {
    status: 401,
    description: "There is no key or session, or it is malformed, unknown, expired or revoked.",
    example: error(401, "Invalid API key"),
    appliesTo: isClosed,
  },
  {
    status: 403,
    description: "The key or session may not do this, or not in the organization or environment that was named.",
    example: error(403, "Insufficient scope"),
    appliesTo: isClosed,
  },
  {
    status: 404,
    description: "There is no such thing, or it belongs to another organization or environment.",
    example: error(404, "Source not found"),
    appliesTo: ({ path }) => path.includes(":"),
  },
  {
    status: 413,
    description: "The body is larger than any that these routes need.",
    example: error(413, "Request body too large"),
    appliesTo: hasBody,
  },
  {
    status: 429,
    description: "Too many requests were made in this minute. `retry-after` says how long to wait.",
    example: error(429, "Rate limit exceeded"),
    appliesTo: always,
  },
  {
    status: 500,
    description: "A fault of the gateway. The same request may be sent again.",
    example: error(500, "Internal server error"),
    appliesTo: always,
  },
  {
    status: 503,
    description: "The gateway or its store cannot do it now. Send it again after `retry-after` seconds.",
    example: error(503, "Service unavailable"),
    appliesTo: always,
  },
];

/** The hookstream API, as it is documented. */
export const hookstreamApi = (routes: readonly Route[]): DocumentedApi => ({
  prefix: hookstreamPrefix,
  name: "hookstream",
  routes,
  errors,
  refusalExample: error,
  securitySchemes: {
    hookstreamKey: { type: "apiKey", in: "header", name: "X-API-Key", description: "`X-API-Key: hs_live_…`" },
    hookstreamBearer: { type: "http", scheme: "bearer", description: "`Authorization: Bearer hs_live_…`" },
    hookstreamSession: {
      type: "apiKey",
      in: "cookie",
      name: sessionCookieName,
      description: "Of people who have signed in. It counts for pages of the gateway.",
    },
  },
  security: (scope) => {
    if (scope === "open") return [];
    const scopes = scope === "signed_in" ? [] : [scope];
    return [{ hookstreamKey: scopes }, { hookstreamBearer: scopes }, { hookstreamSession: scopes }];
  },
});
