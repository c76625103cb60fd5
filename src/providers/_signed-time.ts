import type { SignedTime, TimeFormat } from "./scheme.ts";

/** Nothing else is taken for a time: no signs, fractions, exponents or other scripts' digits. */
const patterns: Record<TimeFormat, RegExp> = {
  seconds: /^\d{1,12}$/,
  milliseconds: /^\d{1,15}$/,
  iso: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/,
};

/** The greatest time that a date can hold, in Unix milliseconds. */
const dateMsMax = 8.64e15;

const secondsOf = (format: TimeFormat, timestamp: string): number => {
  switch (format) {
    case "seconds":
      return Number(timestamp);
    case "milliseconds":
      return Math.floor(Number(timestamp) / 1000);
    case "iso":
      return Math.floor(Date.parse(timestamp) / 1000);
  }
};

/** Whether a text is a time of this scheme, since 1970. */
export const isTimestamp = ({ format = "seconds" }: SignedTime, timestamp: string): boolean =>
  patterns[format].test(timestamp) && secondsOf(format, timestamp) >= 0;

/** A time as the sender writes it. */
export const writeTimestamp = ({ format = "seconds" }: SignedTime, nowMs: number): string => {
  switch (format) {
    case "seconds":
      return String(Math.floor(nowMs / 1000));
    case "milliseconds":
      return String(Math.floor(nowMs));
    case "iso":
      return Math.abs(nowMs) <= dateMsMax ? new Date(nowMs).toISOString() : String(nowMs);
  }
};

/** Whether a time is out of bounds at `nowMs`. A tolerance of 0 or less bounds nothing. */
export const isStale = (time: SignedTime, timestamp: string, nowMs: number, toleranceSeconds: number): boolean => {
  if (toleranceSeconds <= 0) return false;
  const ageSeconds = Math.floor(nowMs / 1000) - secondsOf(time.format ?? "seconds", timestamp);
  return ageSeconds > toleranceSeconds || (time.future === "refused" && -ageSeconds > toleranceSeconds);
};
