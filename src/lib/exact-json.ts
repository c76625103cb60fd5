/** What JSON has beside the types of TypeScript's library. https://tc39.es/proposal-json-parse-with-source/ */
type SourceJson = {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): object;
  isRawJSON(value: unknown): boolean;
};

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the library's types do not know these yet
const sourceJson = JSON as unknown as SourceJson;

/** A whole number, as its digits. */
const wholeNumber = /^-?\d+$/;

/** The least number that is not exact has as many digits. Looking at each value takes 16 times as long as only reading it. */
const manyDigits = /\d{16}/;

/**
 * Reads JSON so that `JSON.stringify` writes every whole number with the digits that it came with: one that is too large
 * for a number (ids of 64 bits) stands for its own text.
 * @throws {SyntaxError} as `JSON.parse` does, and {RangeError} when it is nested thousands deep.
 */
export const parseExactJson = (text: string): unknown =>
  manyDigits.test(text)
    ? sourceJson.parse(text, (_key, value, { source }) =>
        typeof value === "number" && !Number.isSafeInteger(value) && source !== undefined && wholeNumber.test(source)
          ? sourceJson.rawJSON(source)
          : value,
      )
    : JSON.parse(text);

/** Whether this stands for a number that is too large to be one. */
export const isExactNumber = (value: unknown): boolean => sourceJson.isRawJSON(value);
