import { z } from "zod";

import type { AuthType } from "../../routing/destination.ts";
import {
  type Auth,
  isHeaderValue,
  isOwnHeaderName,
  type Outgoing,
  outgoingLimits,
  type OutgoingSignature,
} from "../../routing/outgoing.ts";
import type { SentDestination } from "./_destination-fields.ts";
import { flagField } from "./_json-fields.ts";
import { isMask } from "./_masks.ts";
import { refused, settled, type Settled } from "./_settled.ts";
import { check } from "./_validation.ts";

/** Secrets that a signature or a sign-in is made with. */
const secretCharsMax = 4_096;
const prefixCharsMax = 64;

/** What stands for a secret is put in its place; a mask of nothing is no secret. */
const unmasked = (sent: string, known: string | undefined): string | null => (isMask(sent) ? (known ?? null) : sent);

const noSecret = "is a mask, not a secret";

const settleHeaders = (
  sent: Readonly<Record<string, string>>,
  known: Readonly<Record<string, string>>,
): Settled<Readonly<Record<string, string>>> => {
  const entries = Object.entries(sent);
  const { headersMax } = outgoingLimits;
  if (entries.length > headersMax) return refused("headers", `must have at most ${headersMax} entries`);
  const names = entries.map(([name]) => name.toLowerCase());
  if (new Set(names).size < names.length) return refused("headers", "must not name a header twice");
  const headers: [string, string][] = [];
  for (const [name, value] of entries) {
    const field = `headers.${name}`;
    if (!isOwnHeaderName(name)) return refused(field, "is not the name of a header that can be set");
    const real = unmasked(value, known[name]);
    if (real === null) return refused(field, noSecret);
    if (!isHeaderValue(real)) return refused(field, "cannot be the value of a header");
    headers.push([name, real]);
  }
  return settled(Object.fromEntries(headers));
};

const secretField = z
  .string()
  .min(1)
  .max(secretCharsMax)
  .refine((text) => isMask(text) || isHeaderValue(text), "cannot be sent in a header");
const headerField = z.string().refine(isOwnHeaderName, "is not the name of a header that can be set");

const bearer = z.object({ token: secretField });
const basic = z.object({
  // The first colon ends the name. https://www.rfc-editor.org/rfc/rfc7617#section-2
  username: z
    .string()
    .max(secretCharsMax)
    .regex(/^[^:]*$/),
  password: z.string().max(secretCharsMax),
});
const apiKey = z.object({ header: headerField.default("X-API-Key"), value: secretField });

const read = <Schema extends z.ZodType>(field: string, schema: Schema, sent: unknown): Settled<z.output<Schema>> => {
  const checked = check(schema, sent);
  if (checked.kind === "valid") return settled(checked.value);
  // The sentence names the key that is wrong; the field that holds it comes before.
  const [, key = "", message = checked.problem] = /^'([^']*)' ([^;]*)/.exec(checked.problem) ?? [];
  return refused(key === "" ? field : `${field}.${key}`, message);
};

type Secret = { readonly field: string; readonly sent: string; readonly known: string | undefined };

const withSecret = <Value>({ field, sent, known }: Secret, make: (secret: string) => Value): Settled<Value> => {
  const secret = unmasked(sent, known);
  return secret === null ? refused(field, noSecret) : settled(make(secret));
};

const settleAuth = (
  type: Exclude<AuthType, "none">,
  config: Readonly<Record<string, unknown>>,
  known: Auth | null,
): Settled<Auth> => {
  const field = "auth_config";
  switch (type) {
    case "bearer": {
      const sent = read(field, bearer, config);
      if (sent.kind === "refused") return sent;
      const secret = {
        field: `${field}.token`,
        sent: sent.value.token,
        known: known?.type === type ? known.token : undefined,
      };
      return withSecret(secret, (token) => ({ type, token }));
    }
    case "basic": {
      const sent = read(field, basic, config);
      if (sent.kind === "refused") return sent;
      const { username, password: masked } = sent.value;
      const secret = {
        field: `${field}.password`,
        sent: masked,
        known: known?.type === type ? known.password : undefined,
      };
      return withSecret(secret, (password) => ({ type, username, password }));
    }
    case "api_key": {
      const sent = read(field, apiKey, config);
      if (sent.kind === "refused") return sent;
      const { header, value: masked } = sent.value;
      const secret = { field: `${field}.value`, sent: masked, known: known?.type === type ? known.value : undefined };
      return withSecret(secret, (value) => ({ type, header, value }));
    }
  }
};

const signature = z.object({
  secret: z.string().min(1).max(secretCharsMax),
  algorithm: z.enum(["sha256", "sha1"]).default("sha256"),
  header: headerField.default("X-hookstream-Signature"),
  prefix: z.string().max(prefixCharsMax).refine(isHeaderValue, "cannot be sent in a header").default(""),
  include_timestamp: flagField.default(false),
  timestamp_header: headerField.default("X-hookstream-Signature-Timestamp"),
});

const settleSignature = (
  config: Readonly<Record<string, unknown>>,
  known: OutgoingSignature | null,
): Settled<OutgoingSignature> => {
  const field = "signing_config";
  const sent = read(field, signature, config);
  if (sent.kind === "refused") return sent;
  const { secret: masked, algorithm, header, prefix } = sent.value;
  const { include_timestamp: includeTimestamp, timestamp_header: timestampHeader } = sent.value;
  return withSecret({ field: `${field}.secret`, sent: masked, known: known?.secret }, (secret) => ({
    secret,
    algorithm,
    header,
    prefix,
    includeTimestamp,
    timestampHeader,
  }));
};

const authAfter = (sent: SentDestination, known: Auth | null): Settled<Auth | null | undefined> => {
  const { auth_type: sentType, auth_config: config } = sent;
  if (sentType === undefined && config === undefined) return settled(undefined);
  const type = (sentType === undefined ? known?.type : sentType) ?? "none";
  if (type === "none") {
    const isEmpty = config === undefined || config === null || Object.keys(config).length === 0;
    return isEmpty ? settled(null) : refused("auth_type", "is required with auth_config");
  }
  // Said once more without its settings: as it was.
  if (config === undefined && known?.type === type) return settled(undefined);
  if (config === undefined || config === null) return refused("auth_config", `is required for auth_type ${type}`);
  return settleAuth(type, config, known);
};

/** What a body says of what is sent beside events. Parts that it does not speak of are absent. */
export const settleOutgoing = (sent: SentDestination, known: Outgoing): Settled<Partial<Outgoing>> => {
  const headers = sent.headers === undefined ? null : settleHeaders(sent.headers ?? {}, known.headers);
  if (headers?.kind === "refused") return headers;
  const auth = authAfter(sent, known.auth);
  if (auth.kind === "refused") return auth;
  const { signing_config: config } = sent;
  const signing = config === undefined || config === null ? null : settleSignature(config, known.signature);
  if (signing?.kind === "refused") return signing;
  return settled({
    ...(headers === null ? {} : { headers: headers.value }),
    ...(auth.value === undefined ? {} : { auth: auth.value }),
    ...(config === undefined ? {} : { signature: signing?.value ?? null }),
  });
};
