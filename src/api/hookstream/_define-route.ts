import type { z } from "zod";

import type { Principal } from "../../access/api-key.ts";
import type { Owner, RouteInfo } from "../route.ts";
import { check } from "./_validation.ts";
import type { HookstreamParts } from "./parts.ts";
import type { PlaceWish, RequestHead } from "./ports.ts";
import {
  type Call,
  forbidden,
  invalidBody,
  invalidQuery,
  type Needed,
  notFound,
  type Outcome,
  type Route,
} from "./route.ts";

/** A request whose every part is what the route says it is. */
type CheckedRequest<Params, Query, Body> = {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly head: RequestHead;
};

/** Whose it is, and what its path names. */
type FoundRequest<Params, Query, Body, Found> = CheckedRequest<Params, Query, Body> & {
  readonly principal: Principal;
  readonly owner: Owner;
  readonly found: Found;
};

type Schemas<Params, Query, Body> = { readonly params: Params; readonly query: Query; readonly body: Body };

/** A route as its file writes it. */
type RouteSpec<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType, Found> = Omit<
  RouteInfo<Exclude<Needed, "open">>,
  "params" | "query" | "body"
> &
  Schemas<Params, Query, Body> & {
    /** What the path names, as people call it: `Source`. */
    readonly names: string;
    /** Null: the owner has no such thing. */
    find(owner: Owner, params: z.output<Params>): Promise<Found | null>;
    handle(request: FoundRequest<z.output<Params>, z.output<Query>, z.output<Body>, Found>): Promise<Outcome> | Outcome;
  };

type OpenSpec<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType> = Omit<
  RouteInfo,
  "params" | "query" | "body" | "scope"
> &
  Schemas<Params, Query, Body> & {
    readonly names: string;
    handle(request: CheckedRequest<z.output<Params>, z.output<Query>, z.output<Body>>): Promise<Outcome> | Outcome;
  };

/** `find` of a route that names nothing: a list of all, or a thing that is yet to be made. */
export const findNothing = (): Promise<object> => Promise.resolve({});

type Parsed<Value> =
  | { readonly kind: "valid"; readonly value: Value }
  | { readonly kind: "refused"; readonly outcome: Outcome };

const parse = <Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType>(
  spec: Schemas<Params, Query, Body> & { readonly names: string },
  call: Call,
): Parsed<CheckedRequest<z.output<Params>, z.output<Query>, z.output<Body>>> => {
  const params = check(spec.params, call.params);
  if (params.kind === "invalid") return { kind: "refused", outcome: notFound(spec.names) };
  const query = check(spec.query, call.query);
  if (query.kind === "invalid") return { kind: "refused", outcome: invalidQuery(query.problem) };
  const body = check(spec.body, call.body);
  if (body.kind === "invalid") return { kind: "refused", outcome: invalidBody(body.problem) };
  return {
    kind: "valid",
    value: { params: params.value, query: query.value, body: body.value, head: call.head },
  };
};

/** What is sent, if it says something. The body's counts before the query's. */
const namedIn = ({ body, query }: Call, field: "org_id" | "env_id"): string | null => {
  const named = [body[field], query[field]].find((value) => typeof value === "string" && value !== "");
  return typeof named === "string" ? named : null;
};

const wishOf = (call: Call): PlaceWish => ({ orgId: namedIn(call, "org_id"), envId: namedIn(call, "env_id") });

const foreign = {
  org_id: forbidden("Forbidden: 'org_id' is not an organization of yours"),
  env_id: forbidden("Forbidden: 'env_id' is not an environment of yours"),
} as const;

/**
 * A route that first checks what was sent (400), then settles where it takes place (403), finds what the path names
 * (404), and then does its work.
 */
export const defineRoute = <Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType, Found>(
  { choosePlace }: Pick<HookstreamParts, "choosePlace">,
  spec: RouteSpec<Params, Query, Body, Found>,
): Route => {
  const { find, handle, names, ...info } = spec;
  return {
    ...info,
    run: async (call) => {
      const { principal } = call;
      if (principal === null) throw new Error("a request reached a route that is not open without being anybody's");
      const parsed = parse(spec, call);
      if (parsed.kind === "refused") return parsed.outcome;
      const chosen = await choosePlace(principal, wishOf(call));
      if (chosen.kind === "foreign") return foreign[chosen.field];
      const owner = chosen.place;
      const found = await find(owner, parsed.value.params);
      if (found === null) return notFound(names);
      return handle({ ...parsed.value, principal, owner, found });
    },
  };
};

/** A route that asks for no key. */
export const defineOpenRoute = <Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType>(
  spec: OpenSpec<Params, Query, Body>,
): Route => {
  const { handle, names: _names, ...info } = spec;
  return {
    ...info,
    scope: "open",
    run: async (call) => {
      const parsed = parse(spec, call);
      return parsed.kind === "refused" ? parsed.outcome : handle(parsed.value);
    },
  };
};
