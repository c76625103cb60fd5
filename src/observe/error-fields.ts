import type { LogFields } from "./log.ts";

/** Deeper causes are left out: a cycle of causes must end. */
const causesMax = 4;

const codeOf = (error: unknown): string | null => {
  if (!(error instanceof Error) || !("code" in error)) return null;
  return typeof error.code === "string" ? error.code : null;
};

const sentence = (error: unknown): string => {
  if (!(error instanceof Error)) return typeof error === "string" ? error : `a thrown ${typeof error}`;
  return `${error.name}: ${error.message}`;
};

const chain = (error: unknown): unknown[] => {
  const errors = [error];
  for (let here = error; here instanceof Error && here.cause !== undefined && errors.length <= causesMax;) {
    here = here.cause;
    errors.push(here);
  }
  return errors;
};

/**
 * What a line tells of an error: its name and message with those of its causes, its code, and where it was thrown. Other
 * properties stay out: drivers and clients hang requests, parameters and headers on their errors.
 */
export const errorFields = (error: unknown): LogFields => {
  const errors = chain(error);
  return {
    error: errors.map(sentence).join(" < "),
    errorCode: errors.map(codeOf).find((code) => code !== null) ?? null,
    stack: error instanceof Error ? error.stack : undefined,
  };
};
