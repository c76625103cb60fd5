import type { IncomingHttpHeaders } from "node:http";

import type { Place, Principal } from "../../access/api-key.ts";
import type { Authentication } from "../../access/authenticate.ts";
import type { SourceCount } from "../../events/read-source-counts.ts";
import type { RefusedRequest } from "../../ingest/read-refused.ts";
import type { Id } from "../../lib/ids.ts";
import type { Owner } from "../route.ts";

/** What a request shows before its body: a key, a cookie, and where a browser says that it comes from. */
export type RequestHead = {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** The sender's address, as far as the proxies in between are trusted. Null: it hung up. */
  readonly address: string | null;
};

/** Tells who asks: by `X-API-Key`, then `Authorization: Bearer`, then a session's cookie. `nowMs` is wall time. */
export type AuthenticateHead = (head: RequestHead, nowMs: number) => Promise<Authentication>;

/** The place that a request names, if it names one. Ids as they were sent. */
export type PlaceWish = { readonly orgId: string | null; readonly envId: string | null };

/** Where a request takes place, or which of its two ids is not the asker's to name. */
export type PlaceChoice =
  | { readonly kind: "chosen"; readonly place: Place }
  | { readonly kind: "foreign"; readonly field: "org_id" | "env_id" };

/** Settles where a request takes place: what it names must be among what the asker may use. */
export type ChoosePlace = (principal: Principal, wish: PlaceWish) => Promise<PlaceChoice>;

/** The counts of these sources. Those without events are left out. */
export type ReadCounts = (sourceIds: readonly Id[]) => Promise<ReadonlyMap<Id, SourceCount>>;

/** The last requests that a source refused, newest first. */
export type ReadRefused = (
  owner: Owner,
  sourceId: Id,
  page: { readonly limit: number; readonly before?: Id },
) => Promise<readonly RefusedRequest[]>;
