import type { Random } from "../lib/random.ts";

/** 6 bytes are 8 url-safe characters. */
const slugBytes = 6;

/** Of 2^48 slugs, a gateway with a million sources meets a taken one once in 280 million tries. */
export const slugTriesMax: number = 5;

/** A fresh last part of an ingest URL: `wh_` and 8 url-safe characters. */
export const newIngestSlug = (random: Pick<Random, "bytes">): string =>
  `wh_${random.bytes(slugBytes).toString("base64url")}`;
