import type { Source } from "./source.ts";

/** Which of a source's two URLs: `/in/<slug>`, or `/v1/ingest/<id>`. */
export type IngestVia = "slug" | "id";

/** A source's URL, without query. */
export const ingestUrl = (
  publicUrl: string,
  { id, ingestSlug }: Pick<Source, "id" | "ingestSlug">,
  via: IngestVia,
): string => (via === "slug" ? `${publicUrl}/in/${ingestSlug}` : `${publicUrl}/v1/ingest/${id.replaceAll("-", "")}`);
