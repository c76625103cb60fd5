import type { z } from "zod";

import type { Principal } from "../access/api-key.ts";

/** The methods that routes of the management APIs have. HEAD follows from GET, OPTIONS from all. */
export type Method = "GET" | "POST" | "PATCH" | "DELETE";

/** Who asks: every query takes both. */
export type Owner = Pick<Principal, "teamId" | "envId">;

/** One answer that a route gives when all goes well. */
export type RouteAnswer = {
  readonly description: string;
  /** Null: no body. */
  readonly body: z.ZodType | null;
  readonly example?: unknown;
};

/** What a route is: the server, the description and the documentation are made of the same. */
export type RouteInfo<Scope extends string = string> = {
  readonly method: Method;
  /** Under the dialect's prefix, with `:name` for each parameter. */
  readonly path: string;
  /** What a key must be allowed to do. */
  readonly scope: Scope;
  /** The heading under which it is documented. */
  readonly tag: string;
  readonly summary: string;
  /** What there is to know beside the summary. */
  readonly description?: string;
  /** Each of these reads an object. Without fields, what is sent is ignored. */
  readonly params: z.ZodType;
  readonly query: z.ZodType;
  readonly body: z.ZodType;
  readonly bodyExample?: unknown;
  readonly answers: Readonly<Record<number, RouteAnswer>>;
  /** What it refuses beside what all routes of its dialect do: a sentence of those that it answers, by status. */
  readonly refusals?: Readonly<Record<number, string>>;
};

/** Messages for each field of a request that cannot be taken as it is. */
export type Details = Readonly<Record<string, readonly string[]>>;

/** What a route came to. The dialect says how that looks on the wire. */
export type Outcome =
  | { readonly kind: "answer"; readonly status: number; readonly body: unknown }
  | { readonly kind: "not_found" }
  | { readonly kind: "invalid"; readonly details: Details }
  /** It cannot be told now. The same request may succeed later. */
  | { readonly kind: "unavailable"; readonly error: string };

/** A request that was let in, before any of it was checked. */
export type Call = {
  readonly owner: Owner;
  readonly params: unknown;
  readonly query: unknown;
  /** What was sent, or an empty object when nothing was. */
  readonly body: Readonly<Record<string, unknown>>;
};

/** A route that can be called. */
export type Route<Scope extends string = string> = RouteInfo<Scope> & { run(call: Call): Promise<Outcome> };

/** An answer with a body, or without one when `body` is left out. */
export const answer = (status: number, body?: unknown): Outcome => ({ kind: "answer", status, body });

export const notFound: Outcome = { kind: "not_found" };

export const unavailable = (error: string): Outcome => ({ kind: "unavailable", error });

export const invalid = (details: Details): Outcome => ({ kind: "invalid", details });
