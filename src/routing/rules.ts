import { type AddressSet, createAddressSet, parseCidr } from "../lib/ip.ts";
import type { CompiledSchema } from "../schemas/compile-schema.ts";
import type { ReadSchema } from "./schema-reader.ts";
import type { DedupStrategy, SchemaAction, SourceRules } from "./source.ts";

/** How repeats are recognised. */
export type DedupRule = {
  readonly strategy: DedupStrategy;
  /** A header's name in lower case, or a dot path. */
  readonly field: string;
  readonly windowMs: number;
};

/** A source's rules, ready for use. Null: it has no rule of this kind. */
export type CompiledRules = {
  readonly addresses: { readonly deny: AddressSet | null; readonly allow: AddressSet | null } | null;
  readonly dedup: DedupRule | null;
  readonly schema: { readonly action: SchemaAction; readonly read: () => CompiledSchema | null } | null;
  readonly expiresAtMs: number | null;
  readonly requestLimit: number | null;
};

/** What is no address was refused when it was saved; one that is there all the same must not keep the gateway from starting. */
const setOf = (list: readonly string[] | null): AddressSet | null =>
  // An empty list says nothing: that of whom to allow would shut out everybody.
  list === null || list.length === 0 ? null : createAddressSet(list.filter((text) => parseCidr(text) !== undefined));

const addressesOf = ({ ipAllowlist, ipDenylist }: SourceRules): CompiledRules["addresses"] => {
  const [deny, allow] = [setOf(ipDenylist), setOf(ipAllowlist)];
  return deny === null && allow === null ? null : { deny, allow };
};

const dedupOf = ({ dedup: { enabled, strategy, field, windowSeconds } }: SourceRules): DedupRule | null => {
  if (!enabled) return null;
  const isHeader = strategy === "header_field";
  return {
    strategy: strategy ?? "payload_hash",
    field: (isHeader ? field?.toLowerCase() : field) ?? "",
    windowMs: windowSeconds * 1_000,
  };
};

const schemaOf = ({ schema }: SourceRules, read: ReadSchema): CompiledRules["schema"] => {
  const { enabled, json, action } = schema;
  // At the first event: thousands of sources are read at the start.
  return enabled && json !== null ? { action: action ?? "reject", read: () => read(json) } : null;
};

/** Makes a source's rules ready; null when it has none, so that it pays for none. */
export const compileRules = (source: SourceRules, read: ReadSchema): CompiledRules | null => {
  const { expiresAtMs, requestLimit } = source;
  const addresses = addressesOf(source);
  const dedup = dedupOf(source);
  const schema = schemaOf(source, read);
  const hasNone =
    addresses === null && dedup === null && schema === null && expiresAtMs === null && requestLimit === null;
  return hasNone ? null : { addresses, dedup, schema, expiresAtMs, requestLimit };
};
