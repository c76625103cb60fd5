import { noEvents } from "../../events/read-source-counts.ts";
import { parseExactJson } from "../../lib/exact-json.ts";
import type { Id } from "../../lib/ids.ts";
import type { Source } from "../../routing/source.ts";
import { maskConfig, maskOf, unmaskConfig, unreadableMask } from "./_masks.ts";
import { toWireSource, type WireSource } from "./_source-wire.ts";
import type { HookstreamParts } from "./parts.ts";

/** What showing a source takes. */
export type ShowParts = Pick<HookstreamParts, "clock" | "readCounts" | "publicUrl"> & {
  readonly routing: Pick<HookstreamParts["routing"], "table" | "catalog">;
};

/** What a request has just set: whoever sent it may see it as it was sent. */
export type JustSet = { readonly secret?: string | null | undefined; readonly config?: string | null | undefined };

const shownSecret = ({ routing, clock }: ShowParts, source: Source): string | null => {
  if (!source.signingSecretSet) return null;
  const secrets = routing.table.source(source.id)?.secretsAt(clock.nowMs());
  const [current] = secrets?.kind === "opened" ? secrets.secrets : [];
  return current === undefined ? unreadableMask : maskOf(current, source.dialect);
};

const keptConfig = ({ routing }: Pick<ShowParts, "routing">, id: Id): unknown => {
  const text = routing.table.source(id)?.config() ?? null;
  return text === null ? null : parseExactJson(text);
};

const shownConfig = (parts: ShowParts, id: Id): string | null => {
  const config = keptConfig(parts, id);
  return config === null ? null : JSON.stringify(maskConfig(config));
};

/** Settings as they were sent, with what is behind the masks in them. */
export const unmaskedConfig = (
  parts: Pick<ShowParts, "routing">,
  id: Id,
  sent: string | null | undefined,
): string | null | undefined =>
  typeof sent === "string" ? JSON.stringify(unmaskConfig(parseExactJson(sent), keptConfig(parts, id))) : sent;

/** Sources as answers show them. */
export const showSources = async (parts: ShowParts, sources: readonly Source[]): Promise<readonly WireSource[]> => {
  const counts = await parts.readCounts(sources.map(({ id }) => id));
  const about = { catalog: parts.routing.catalog, publicUrl: parts.publicUrl };
  return sources.map((source) =>
    toWireSource(
      {
        source,
        count: counts.get(source.id) ?? noEvents,
        secret: shownSecret(parts, source),
        config: shownConfig(parts, source.id),
      },
      about,
    ),
  );
};

/** One of them, with what was just set of it. */
export const showSource = async (parts: ShowParts, source: Source, set: JustSet = {}): Promise<WireSource> => {
  const counts = await parts.readCounts([source.id]);
  return toWireSource(
    {
      source,
      count: counts.get(source.id) ?? noEvents,
      secret: set.secret ?? shownSecret(parts, source),
      config: set.config ?? shownConfig(parts, source.id),
    },
    { catalog: parts.routing.catalog, publicUrl: parts.publicUrl },
  );
};
