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

/** Objects and arrays inside each other. Far more than this, and the stack ends before what was read is written again. */
const depthMax = 1_000;

const [quote, backslash] = ['"', "\\"].map((character) => character.charCodeAt(0));
const [openObject, openArray, closeObject, closeArray] = ["{", "[", "}", "]"].map((character) =>
  character.charCodeAt(0),
);

const isTooDeep = (text: string): boolean => {
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (isInString && code === backslash) at += 1;
    else if (code === quote) isInString = !isInString;
    else if (isInString) continue;
    else if (code === openObject || code === openArray) depth += 1;
    else if (code === closeObject || code === closeArray) depth -= 1;
    if (depth > depthMax) return true;
  }
  return false;
};

/**
 * Reads JSON so that `JSON.stringify` writes every whole number with the digits that it came with: one that is too large
 * for a number (ids of 64 bits) stands for its own text.
 * @throws {SyntaxError} as `JSON.parse` does, and {RangeError} when it is nested more than a thousand deep.
 */
export const parseExactJson = (text: string): unknown => {
  if (isTooDeep(text)) throw new RangeError(`JSON must not be nested more than ${depthMax} deep`);
  if (!manyDigits.test(text)) return JSON.parse(text);
  return sourceJson.parse(text, (_key, value, { source }) =>
    typeof value === "number" && !Number.isSafeInteger(value) && source !== undefined && wholeNumber.test(source)
      ? sourceJson.rawJSON(source)
      : value,
  );
};

/** Whether this stands for a number that is too large to be one. */
export const isExactNumber = (value: unknown): boolean => sourceJson.isRawJSON(value);
