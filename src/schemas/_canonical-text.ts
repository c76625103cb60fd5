import { schemaDepthMax } from "./limits.ts";

/** Objects and arrays inside each other in what is compared. */
const depthMax = 4 * schemaDepthMax;

/** Members are sorted. */
const workPerMember = 20;

type Spend = (work: number) => boolean;

/** The texts of parts, each behind its name if it has one; null when one has none. */
const writeAll = (
  parts: readonly (readonly [name: string, value: unknown])[],
  write: (value: unknown) => string | null,
): string | null => {
  const texts: string[] = [];
  for (const [name, value] of parts) {
    const text = write(value);
    if (text === null) return null;
    texts.push(`${name}${text}`);
  }
  return texts.join();
};

const write = (value: unknown, spend: Spend, depth: number): string | null => {
  if (typeof value === "string") return spend(1 + (value.length >> 4)) ? JSON.stringify(value) : null;
  if (typeof value !== "object" || value === null) return spend(1) ? String(value) : null;
  if (depth >= depthMax && !spend(Number.POSITIVE_INFINITY)) return null;
  const below = (part: unknown): string | null => write(part, spend, depth + 1);
  if (Array.isArray(value)) {
    const items = writeAll(
      Array.from(value, (item: unknown) => ["", item]),
      below,
    );
    return items === null ? null : `[${items}]`;
  }
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (!spend(1 + members.length * workPerMember)) return null;
  const texts = writeAll(
    members.map(([name, member]) => [`${JSON.stringify(name)}:`, member]),
    below,
  );
  return texts === null ? null : `{${texts}}`;
};

/**
 * A text that two values have in common exactly if they are equal in JSON, where the order of members means nothing. Null when it
 * takes more than `spend` gives, or the value is too deep.
 */
export const canonicalText = (value: unknown, spend: Spend): string | null => write(value, spend, 0);
