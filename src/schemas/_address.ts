/** Where a schema without an address of its own is taken to be. Nobody asks there. */
const noAddress = "schema:///";

/** An address in a schema, taken apart. */
export type SchemaAddress = {
  /** Absolute, without the fragment. */
  readonly uri: string;
  /** Decoded, without `#`; empty when there is none. */
  readonly fragment: string;
};

/** Reads `text`, as it stands in what is at `base`. Null when it is no address. */
export const readAddress = (text: unknown, base: string = noAddress): SchemaAddress | null => {
  const url = typeof text === "string" ? URL.parse(text, base) : null;
  if (url === null) return null;
  try {
    const fragment = decodeURIComponent(url.hash.slice(1));
    url.hash = "";
    return { uri: url.href, fragment };
  } catch {
    // A per cent sign that encodes nothing.
    return null;
  }
};
