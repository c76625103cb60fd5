import { z } from "zod";

import type { TimeFormat } from "./scheme.ts";

/** What may be said beside type and header. */
export type VerificationConfig = {
  readonly encoding?: "hex" | "base64" | undefined;
  /** What stands before the signature. Default: `sha256=` and its like may be there or not. */
  readonly prefix?: string | undefined;
  /** The header of the time of signing; for public keys, and where the time is signed. */
  readonly timestamp_header?: string | undefined;
  readonly timestamp_format?: TimeFormat | undefined;
  /** The greatest age in seconds. 0: any. */
  readonly tolerance_seconds?: number | undefined;
  /** What is signed, such as `v0:{timestamp}:{body}`; also `{method}`, `{url}` and `{header:name}`. */
  readonly signed?: string | undefined;
  /** For a header that is a list such as `t=1,v1=ab`: the name of the signature's entry, and of the time's. */
  readonly signature_key?: string | undefined;
  readonly timestamp_key?: string | undefined;
  readonly separator?: "," | ";" | " " | undefined;
  readonly assign?: "=" | "," | undefined;
  /** `any`: the URL may be signed with its port or without. */
  readonly port?: "exact" | "any" | undefined;
  /** For `standard_webhooks`: what its three headers start with. */
  readonly header_prefix?: "webhook" | "svix" | undefined;
  /** For `token`: the parameter of the query that carries it, instead of a header. */
  readonly query?: string | undefined;
  /** For `jwt`: what the token must say. */
  readonly issuer?: string | undefined;
  readonly audience?: string | undefined;
};

/** A header's name in lower case. */
export const headerPattern: RegExp = /^[a-z0-9!#$%&'*+.^_`|~-]{1,128}$/;
const headerText = z.string().toLowerCase().regex(headerPattern);
const text = z.string().max(255);

const configShape: z.ZodType<VerificationConfig> = z.strictObject({
  encoding: z.enum(["hex", "base64"]).optional(),
  prefix: text.optional(),
  timestamp_header: headerText.optional(),
  timestamp_format: z.enum(["seconds", "milliseconds", "iso"]).optional(),
  tolerance_seconds: z.int().min(0).max(31_536_000).optional(),
  signed: z.string().min(1).max(512).optional(),
  signature_key: text.min(1).optional(),
  timestamp_key: text.min(1).optional(),
  separator: z.enum([",", ";", " "]).optional(),
  assign: z.enum(["=", ","]).optional(),
  port: z.enum(["exact", "any"]).optional(),
  header_prefix: z.enum(["webhook", "svix"]).optional(),
  query: text.min(1).optional(),
  issuer: text.optional(),
  audience: text.optional(),
});

/** Reads a config from its JSON text, or says what is wrong with it. Each type takes what it can use, and leaves the rest. */
export const readConfig = (written: string | null): VerificationConfig | string => {
  if (written === null) return {};
  let value: unknown;
  try {
    value = JSON.parse(written);
  } catch {
    return "must be a JSON object";
  }
  const read = configShape.safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  if (issue?.code === "unrecognized_keys") return `has an unknown key '${issue.keys[0]}'`;
  return issue === undefined || issue.path.length === 0
    ? "must be an object"
    : `has an invalid '${String(issue.path[0])}'`;
};

/** A config without what is not said. */
export const defined = (config: VerificationConfig): VerificationConfig =>
  Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
