import { z } from "zod";

/** What every line of the logger holds, and whatever fields it was given. */
const line = z.looseObject({ time: z.iso.datetime(), level: z.string(), message: z.string() });

/** What stands bare after `name=`. Anything else is quoted, so that no value can look like another field or line. */
const bareValue = /^[\w.:/@+-]+$/;

/** A value on a line of its own could look like a line of ours, and an escape sequence could repaint the terminal. */
const controlCharacter = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g;

const shown = (value: unknown): string => {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return bareValue.test(text) ? text : JSON.stringify(text);
};

/** `07:41:02.123 warn  message  name=value …`: a line for people, made of a line of JSON. Ends in a newline. */
export const textLine = (json: string): string => {
  const { time, level, message, stack, ...fields } = line.parse(JSON.parse(json));
  const head = `${time.slice(11, 23)} ${level.padEnd(5)} ${message}`;
  const tail = Object.entries(fields).map(([name, value]) => `${name}=${shown(value)}`);
  const lines = [[head, ...tail].join("  ")];
  if (typeof stack === "string") lines.push(stack.replaceAll(controlCharacter, "?").replaceAll(/^/gm, "    "));
  return `${lines.join("\n")}\n`;
};
