import type { Source } from "../../routing/source.ts";

const dots = "••••";

/** A secret that is as long as this is told by its end. */
const tellingCharsMin = 16;
const tellingChars = 4;

/** What stands for a secret. Of a source that the other API made, which shows none, nothing is told. */
export const maskOf = (secret: string, dialect: Source["dialect"]): string =>
  dialect === "hookstream" && secret.length >= tellingCharsMin ? dots + secret.slice(-tellingChars) : dots;

/** What stands for a secret that nobody can read now, or that is not to be told at all. */
export const unreadableMask: string = dots;

/** Whether this stands for a secret: whoever sends it back changes nothing. */
export const isMask = (text: string): boolean =>
  text.startsWith(dots) && [dots.length, dots.length + tellingChars].includes(text.length);

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const mapHeaders = (config: unknown, change: (value: unknown, name: string) => unknown): unknown => {
  if (!isRecord(config) || !isRecord(config["headers"])) return config;
  const headers = Object.entries(config["headers"]).map(([name, value]): [string, unknown] => [
    name,
    change(value, name),
  ]);
  return { ...config, headers: Object.fromEntries<unknown>(headers) };
};

const headersOf = (config: unknown): Readonly<Record<string, unknown>> =>
  isRecord(config) && isRecord(config["headers"]) ? config["headers"] : {};

/** A source's settings whose headers are masked: they may hold credentials. */
export const maskConfig = (config: unknown): unknown => mapHeaders(config, () => dots);

/** Settings as they were sent, with what is behind the masks in them. */
export const unmaskConfig = (config: unknown, kept: unknown): unknown => {
  const known = headersOf(kept);
  return mapHeaders(config, (value, name) =>
    typeof value === "string" && isMask(value) && Object.hasOwn(known, name) ? known[name] : value,
  );
};
