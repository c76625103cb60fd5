import { allHeaders, type Headers } from "../lib/headers.ts";
import { readPath } from "../lib/json-path.ts";
import type { Preset, TextPlace } from "./preset.ts";

/** What the indexes hold: long enough for every known sender, short enough for a key. In UTF-16 units. */
const textCharsMax = 255;

/**
 * Only text is taken. Numbers are not: JavaScript reads two large ids as one and the same number, and an event would be
 * dropped as a repeat of another. Text that no store can hold exactly (U+0000, half characters) is not taken either.
 */
const usable = (value: unknown): string | null => {
  if (typeof value !== "string" || value === "" || value.length > textCharsMax) return null;
  return value.includes("\0") || !value.isWellFormed() ? null : value;
};

const textAt = (place: TextPlace | null, headers: Headers, readBody: () => unknown): string | null => {
  if (place === null) return null;
  switch (place.in) {
    case "header": {
      const given = allHeaders(headers, place.name);
      const [value, ...repeats] = given.length > 0 || place.or === undefined ? given : allHeaders(headers, place.or);
      return repeats.length === 0 ? usable(value) : null;
    }
    case "body":
      return usable(readPath(readBody(), place.path));
  }
};

/**
 * What happened, in the sender's words, or null when the request does not say it. `readBody` gives the parsed JSON body,
 * or undefined when it is not JSON; it is called only when the preset needs the body.
 */
export const eventTypeOf = (
  preset: Pick<Preset, "eventType">,
  headers: Headers,
  readBody: () => unknown,
): string | null => textAt(preset.eventType, headers, readBody);

/** The sender's id of the delivery, or null when the request does not say it. `readBody` as in `eventTypeOf`. */
export const deliveryIdOf = (
  preset: Pick<Preset, "deliveryId">,
  headers: Headers,
  readBody: () => unknown,
): string | null => textAt(preset.deliveryId, headers, readBody);
