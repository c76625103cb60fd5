import type { z } from "zod";

import type { Scope } from "../../access/scopes.ts";
import { invalid, notFound, type Outcome, type Owner, type Route, type RouteInfo } from "../route.ts";
import { both, check } from "./_validation.ts";

/** A request whose every part is what the route says it is. */
type CheckedRequest<Params, Query, Body, Found> = {
  readonly owner: Owner;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly found: Found;
};

/** A route as its file writes it. */
type RouteSpec<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType, Found> = Omit<
  RouteInfo<Scope>,
  "params" | "query" | "body"
> & {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** What the path names. Null: the asking team and environment own no such thing. */
  find(owner: Owner, params: z.output<Params>): Promise<Found | null>;
  /** Takes fields out of the body that do not count for what was found. */
  prepare?(body: Readonly<Record<string, unknown>>, found: Found): Readonly<Record<string, unknown>>;
  handle(request: CheckedRequest<z.output<Params>, z.output<Query>, z.output<Body>, Found>): Promise<Outcome> | Outcome;
};

/** `find` of a route that names nothing: a list of all, or a thing that is yet to be made. */
export const findNothing = (): Promise<object> => Promise.resolve({});

/**
 * A route that first finds what the path names, then checks what was sent, then does its work. Whoever asks for what
 * they do not own learns nothing, not even whether the rest of the request was well-formed.
 */
export const defineRoute = <Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType, Found>(
  spec: RouteSpec<Params, Query, Body, Found>,
): Route<Scope> => {
  const { find, prepare, handle, ...info } = spec;
  return {
    ...info,
    run: async ({ owner, ...raw }) => {
      const params = check(spec.params, raw.params);
      if (params.kind === "invalid") return notFound;
      const found = await find(owner, params.value);
      if (found === null) return notFound;
      const sent = prepare?.(raw.body, found) ?? raw.body;
      const checked = both(check(spec.query, raw.query), check(spec.body, sent));
      if (checked.kind === "invalid") return invalid(checked.details);
      const [query, body] = checked.value;
      return handle({ owner, params: params.value, query, body, found });
    },
  };
};
