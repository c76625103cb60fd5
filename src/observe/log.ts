import { type DestinationStream, pino } from "pino";

import type { Clock } from "../lib/clock.ts";
import { clip } from "../lib/text.ts";
import { textLine } from "./_text-line.ts";

/** From the most to the least talkative. `silent` writes nothing at all. */
export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/** One JSON object per line, or one line for people. `auto` is text on a terminal and JSON elsewhere. */
export type LogFormat = "json" | "text" | "auto";

/** What a line tells beside its message. Flat and scalar, so that no object with a secret inside slips in. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

type Write = (message: string, fields?: LogFields) => void;

/** Writes lines. `message` is a constant sentence; whatever varies is a field, never part of the message. */
export type Logger = Readonly<Record<"debug" | "info" | "warn" | "error", Write>>;

/** Where lines go, each with its newline. */
export type LogSink = DestinationStream & { readonly isTTY?: boolean };

export type LoggerOptions = {
  level: LogLevel;
  format: LogFormat;
  clock: Pick<Clock, "nowMs">;
  sink: LogSink;
};

/** Longer values are cut: one hostile header must not make a line of megabytes. UTF-16 units. */
const valueCharsMax = 2_000;

/** The last line of defence, not the first: callers name fields, and none of these is one to name. */
const secretName = /secret|token|password|passphrase|authorization|cookie|signature|private_?key|api_?key/i;

const printable = (fields: LogFields): LogFields =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]): [string, LogFields[string]] => {
      if (typeof value !== "string") return [name, value];
      return [name, secretName.test(name) ? "[redacted]" : clip(value, valueCharsMax)];
    }),
  );

/** A logger of its own; nothing is shared between two. */
export const createLogger = ({ level, format, clock, sink }: LoggerOptions): Logger => {
  const asText = format === "text" || (format === "auto" && sink.isTTY === true);
  const log = pino(
    {
      level,
      base: null,
      messageKey: "message",
      timestamp: () => `,"time":"${new Date(clock.nowMs()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    asText ? { write: (line) => sink.write(textLine(line)) } : sink,
  );
  const writer =
    (at: "debug" | "info" | "warn" | "error"): Write =>
    (message, fields = {}) => {
      // Asked first: on the hot path a debug line that nobody reads costs nothing.
      if (log.isLevelEnabled(at)) log[at](printable(fields), message);
    };
  return { debug: writer("debug"), info: writer("info"), warn: writer("warn"), error: writer("error") };
};
