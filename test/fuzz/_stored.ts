import type { TestGateway } from "../support/gateway.ts";

/** An event's page, with what was received. */
export type StoredEvent = {
  readonly id: string;
  readonly event_type: string | null;
  readonly status: string;
  readonly signature_valid: boolean;
  readonly signature_reason: string;
  readonly method: string;
  readonly query: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  readonly body_encoding: "text" | "base64";
};

const pageOf = (sourceId: string): string => `/webhooks/sources/${sourceId}/events`;

/** One event as the API shows it. */
export const readEventPage = async (gateway: TestGateway, sourceId: string, id: string): Promise<StoredEvent> => {
  const shown = await gateway.request("GET", `${pageOf(sourceId)}/${id}?include=payload,attempts`);
  if (shown.status !== 200) throw new Error(`the page of an event answered ${shown.status}: ${shown.text}`);
  const event: StoredEvent = shown.body.data;
  return event;
};

/** The events of a source that came after `afterId`, oldest first, as their pages show them. */
export const readStoredSince = async (
  gateway: TestGateway,
  sourceId: string,
  afterId: string | null = null,
): Promise<StoredEvent[]> => {
  const ids: string[] = [];
  let cursor = "";
  for (;;) {
    const listed = await gateway.request("GET", `${pageOf(sourceId)}?per_page=100${cursor}`);
    if (listed.status !== 200) throw new Error(`a list of events answered ${listed.status}: ${listed.text}`);
    const found: readonly { id: string }[] = listed.body.data;
    const fresh = found.map(({ id }) => id).filter((id) => afterId === null || id > afterId);
    ids.push(...fresh);
    if (fresh.length < 100) break;
    cursor = `&cursor=${fresh.at(-1)}`;
  }
  const events: StoredEvent[] = [];
  for (const id of ids.toReversed()) events.push(await readEventPage(gateway, sourceId, id));
  return events;
};

/** The bytes that were received. */
export const bodyOf = ({ body, body_encoding }: Pick<StoredEvent, "body" | "body_encoding">): Buffer =>
  Buffer.from(body, body_encoding === "text" ? "utf8" : "base64");
