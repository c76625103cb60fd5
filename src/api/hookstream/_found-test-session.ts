import { noEvents } from "../../events/read-source-counts.ts";
import type { Id } from "../../lib/ids.ts";
import { opensSession } from "../../routing/session.ts";
import type { Source } from "../../routing/source.ts";
import { toWireSession, type WireSession } from "./_test-session-wire.ts";
import type { HookstreamParts } from "./parts.ts";
import type { RequestHead } from "./ports.ts";
import { gone, notFound, type Outcome } from "./route.ts";

export const sessionNames = { tag: "Test sessions", names: "Session" } as const;

const tokenHeader = "x-session-token";

/** For descriptions. */
export const withToken: string = `Takes the session's token in \`${tokenHeader}\`.`;

const wrongTokenError = `Invalid session token: '${tokenHeader}' must be the token that the session was made with`;
const expiredError = "Session expired";

/** What routes of a session refuse, for their documentation. */
export const sessionRefusals: Readonly<Record<number, string>> = { 401: wrongTokenError, 410: expiredError };

const wrongToken: Outcome = { kind: "refused", status: 401, error: wrongTokenError };

export type FoundSession =
  | { readonly kind: "found"; readonly source: Source }
  | { readonly kind: "refused"; readonly outcome: Outcome };

const refused = (outcome: Outcome): FoundSession => ({ kind: "refused", outcome });

/** The session of this id, for who shows its token. Its URL is known to third parties, so the id alone opens nothing. */
export const findSession = async (
  { routing, freshen, clock }: Pick<HookstreamParts, "routing" | "freshen" | "clock">,
  id: Id,
  { headers }: RequestHead,
): Promise<FoundSession> => {
  await freshen();
  const source = routing.table.source(id)?.source;
  if (source?.isEphemeral !== true || source.sessionTokenHash === null) return refused(notFound(sessionNames.names));
  if (!opensSession(source, String(headers[tokenHeader] ?? ""))) return refused(wrongToken);
  const isOver = source.expiresAtMs !== null && source.expiresAtMs <= clock.nowMs();
  return isOver ? refused(gone(expiredError)) : { kind: "found", source };
};

/** A session as answers show it. */
export const showSession = async (
  parts: Pick<HookstreamParts, "readCounts" | "publicUrl">,
  source: Source,
): Promise<WireSession> => {
  const counts = await parts.readCounts([source.id]);
  return toWireSession(source, (counts.get(source.id) ?? noEvents).events, parts.publicUrl);
};
