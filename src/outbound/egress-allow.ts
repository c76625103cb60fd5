import { domainToASCII } from "node:url";

import { createAddressSet, parseCidr, type AddressSet } from "../lib/ip.ts";

/** What may be reached although it is private. */
export type EgressAllow = {
  /** Addresses and ranges. */
  readonly addresses: AddressSet;
  /** Whether a host name, in lower case and without its last dot, is one whose addresses need not be judged. */
  hasHost(name: string): boolean;
};

/** An entry of `EGRESS_ALLOW` that cannot be read. */
export class EgressAllowError extends Error {
  override readonly name = "EgressAllowError";
  readonly code = "invalid_egress_allow";
}

const labelPattern = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;
/** A last label like this makes a URL parser read the name as an IPv4 address. */
const numericPattern = /^(?:\d+|0x[0-9a-f]*)$/;

/** The name in an entry such as `app.example.com`, `*.example.com` or `localhost`, without its `*.`. */
const readName = (entry: string): string => {
  const name = domainToASCII(entry.replace(/^\*\./, "").replace(/\.$/, ""));
  const labels = name.split(".");
  // What stands behind one of these would be cut off in silence: a/b would be a.
  const isNameAlone = !/[\s/\\?#:@[\]]/.test(entry);
  const isName =
    isNameAlone && labels.every((label) => labelPattern.test(label)) && !numericPattern.test(labels.at(-1) ?? "");
  if (!isName) {
    throw new EgressAllowError(
      `EGRESS_ALLOW: "${entry}" is none of an address (10.1.2.3), a range (10.0.0.0/8), a host name (app.lan) ` +
        "and a host pattern (*.app.lan); ports and other wildcards are not supported",
    );
  }
  return name;
};

/**
 * Reads the entries of `EGRESS_ALLOW`. `*.example.com` stands for every name below `example.com`, not for itself.
 * @throws {EgressAllowError}
 */
export const parseEgressAllow = (entries: readonly string[]): EgressAllow => {
  const trimmed = entries.map((entry) => entry.trim()).filter((entry) => entry !== "");
  const cidrs = trimmed.filter((entry) => parseCidr(entry) !== undefined);
  const names = trimmed.filter((entry) => parseCidr(entry) === undefined);
  const hosts = new Set(names.filter((entry) => !entry.startsWith("*.")).map(readName));
  const suffixes = names.filter((entry) => entry.startsWith("*.")).map((entry) => `.${readName(entry)}`);
  return {
    addresses: createAddressSet(cidrs),
    hasHost: (name) => hosts.has(name) || suffixes.some((suffix) => name.endsWith(suffix)),
  };
};
