import { type Id, readId } from "../lib/ids.ts";
import type { IngestVia } from "../routing/ingest-url.ts";
import type { RoutedSource, RoutingTable } from "../routing/table.ts";

/** What an ingest URL names, and in which way; how it was called decides how it is answered. */
export type IngestAddress = { readonly via: IngestVia; readonly name: string };

const prefixes: Readonly<Record<IngestVia, string>> = { slug: "/in", id: "/v1/ingest" };

const isUnder = (url: string, prefix: string): boolean => url.startsWith(`${prefix}/`) || url === prefix;

/** Whether a request is for an ingest URL, and so for the ingest handler. */
export const isIngestPath = (url: string): boolean => isUnder(url, prefixes.slug) || isUnder(url, prefixes.id);

/** Reads a URL. What is no ingest URL names nothing. */
export const addressOf = (url: string): IngestAddress => {
  const via = isUnder(url, prefixes.id) ? "id" : "slug";
  const start = `${prefixes[via]}/`;
  if (!url.startsWith(start)) return { via, name: "" };
  const path = url.slice(start.length);
  const end = path.search(/[?#]/);
  return { via, name: end === -1 ? path : path.slice(0, end) };
};

/** The source that is named. */
export const sourceAt = (table: RoutingTable, { via, name }: IngestAddress): RoutedSource | undefined => {
  if (via === "slug") return table.sourceBySlug(name);
  const id: Id | null = readId(name);
  return id === null ? undefined : table.source(id);
};
