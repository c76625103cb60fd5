import type { Principal } from "../../access/api-key.ts";
import type { Scope } from "../../access/scopes.ts";
import type { RouteInfo } from "../route.ts";
import type { RequestHead } from "./ports.ts";

/** What a route takes: a scope; `signed_in`, whoever shows a key or a session; `open`, nothing. */
export type Needed = Scope | "signed_in" | "open";

/** What a route came to. */
export type Outcome =
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly body: unknown;
      /** A header that has several values goes out several times. */
      readonly headers?: Readonly<Record<string, string | string[]>>;
    }
  /** A sentence for whoever asked. `retryAfterSeconds` goes with 429 and 503. */
  | {
      readonly kind: "refused";
      readonly status: 400 | 401 | 403 | 404 | 409 | 410 | 413 | 429 | 503;
      readonly error: string;
      readonly retryAfterSeconds?: number;
    };

/** A request that was let in, before any of it was checked. */
export type Call = {
  /** Null on open routes. */
  readonly principal: Principal | null;
  readonly params: unknown;
  readonly query: Readonly<Record<string, string>>;
  /** What was sent, or an empty object when nothing was. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly head: RequestHead;
};

/** A route that can be called. */
export type Route = RouteInfo<Needed> & { run(call: Call): Promise<Outcome> };

/** An answer with a body. */
export const answer = (
  status: number,
  body: unknown,
  headers?: Readonly<Record<string, string | string[]>>,
): Outcome => ({ kind: "answer", status, body, ...(headers === undefined ? {} : { headers }) });

const refuse = (status: 400 | 403 | 404 | 409 | 410 | 503, error: string): Outcome => ({
  kind: "refused",
  status,
  error,
});

/** 400. `problem` names the field: `'slug' is required`. */
export const invalidBody = (problem: string): Outcome => refuse(400, `Invalid body: ${problem}`);

export const invalidQuery = (problem: string): Outcome => refuse(400, `Invalid query: ${problem}`);

/** 403. */
export const forbidden = (error: string): Outcome => refuse(403, error);

/** 404. `thing` as people call it: `Source`. */
export const notFound = (thing: string): Outcome => refuse(404, `${thing} not found`);

/** 409. */
export const conflict = (error: string): Outcome => refuse(409, error);

/** 503. The same request may succeed later. */
export const unavailable = (error: string): Outcome => refuse(503, error);

/** 410. */
export const gone = (error: string): Outcome => refuse(410, error);
