import { z } from "zod";

import { isoSeconds } from "../../lib/clock.ts";
import type { CountedSource } from "../../routing/counted-source.ts";
import { wireId, wireInstant } from "./_fields.ts";

/** A source as answers show it: the documented fields in their order, then ours. Never a secret. */
export type WireSource = {
  id: string;
  name: string;
  slug: string;
  url: string;
  destinations_count: number;
  provider: string;
  signing_algorithm: string | null;
  signing_header: string | null;
  event_type_source: string | null;
  event_type_path: string | null;
  enabled: boolean;
  retention_days: number;
  created_at: string;
  updated_at: string;
  require_signature: boolean;
  signing_secret_set: boolean;
  body_limit_bytes: number | null;
  rate_limit_per_minute: number | null;
};

export const wireSource: z.ZodType<WireSource> = z.object({
  id: wireId,
  name: z.string(),
  slug: z.string().describe("`wh_` and 8 url-safe characters. Never changes."),
  url: z.string().describe("What the provider posts to."),
  destinations_count: z.int(),
  provider: z.string(),
  signing_algorithm: z.string().nullable(),
  signing_header: z.string().nullable(),
  event_type_source: z.string().nullable(),
  event_type_path: z.string().nullable(),
  enabled: z.boolean(),
  retention_days: z.int(),
  created_at: wireInstant,
  updated_at: wireInstant,
  require_signature: z.boolean(),
  signing_secret_set: z.boolean(),
  body_limit_bytes: z.int().nullable(),
  rate_limit_per_minute: z.int().nullable(),
});

export const toWireSource = ({ source, destinationsCount }: CountedSource, publicUrl: string): WireSource => ({
  id: source.id,
  name: source.name,
  slug: source.ingestSlug,
  url: `${publicUrl}/in/${source.ingestSlug}`,
  destinations_count: destinationsCount,
  provider: source.provider,
  signing_algorithm: source.signingAlgorithm,
  signing_header: source.signingHeader,
  event_type_source: source.eventTypeSource,
  event_type_path: source.eventTypePath,
  enabled: source.status === "active",
  retention_days: source.retentionDays,
  created_at: isoSeconds(source.createdAtMs),
  updated_at: isoSeconds(source.updatedAtMs),
  require_signature: source.requireSignature,
  signing_secret_set: source.signingSecretSet,
  body_limit_bytes: source.bodyLimitBytes,
  rate_limit_per_minute: source.rateLimitPerMinute,
});
