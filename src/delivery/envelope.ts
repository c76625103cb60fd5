import { isoSeconds } from "../lib/clock.ts";
import type { Id } from "../lib/ids.ts";

/** What goes into an envelope. */
export type Enveloped = {
  readonly eventType: string | null;
  readonly sourceId: Id;
  readonly eventId: Id;
  readonly receivedAtMs: number;
  readonly body: Uint8Array;
};

/** The body as JSON text: itself when it is JSON, byte for byte; else a string, in base64 when it is not text. */
const dataText = (body: Uint8Array): string => {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    try {
      JSON.parse(text);
      return text;
    } catch {
      return JSON.stringify(text);
    }
  } catch {
    return JSON.stringify(bytes.toString("base64"));
  }
};

/** `{event, data, source_id, event_id, timestamp}`. The body's JSON is put in as it came, so no number is rounded. */
export const envelopeOf = ({ eventType, sourceId, eventId, receivedAtMs, body }: Enveloped): Buffer => {
  const head = `{"event":${JSON.stringify(eventType)},"data":`;
  const tail = `,"source_id":"${sourceId}","event_id":"${eventId}","timestamp":"${isoSeconds(receivedAtMs)}"}`;
  return Buffer.from(head + dataText(body) + tail);
};
