/**
 * An IPv4 or IPv6 address as a number. An IPv4-mapped IPv6 address (`::ffff:a.b.c.d`) is the IPv4 address inside it:
 * that is where a connection to it goes, and what a dual-stack listener reports for an IPv4 peer.
 */
export type Address = { readonly family: 4 | 6; readonly value: bigint };

/** The addresses whose first `prefixBits` bits are those of `first`. */
export type Cidr = { readonly first: Address; readonly prefixBits: number };

/** A set of address ranges. */
export type AddressSet = {
  /** Whether no range is in the set. */
  readonly isEmpty: boolean;
  /** Whether an address lies in one of the ranges. Text that is no address lies in none. */
  has(address: Address | string): boolean;
};

const bitsOf = { 4: 32, 6: 128 } as const;
const octetPattern = /^(?:0|[1-9]\d{0,2})$/;
const groupPattern = /^[0-9a-f]{1,4}$/i;
const prefixPattern = /^(?:0|[1-9]\d{0,2})$/;
/** The longest text form of an IPv6 address: six full groups and a dotted quad. */
const addressCharsMax = 45;
const mappedPrefix = 0xffffn;

/** Four decimal octets without leading zeros, which some parsers read as octal. Other forms are not addresses. */
const parseIpv4 = (text: string): bigint | undefined => {
  const octets = text.split(".");
  if (octets.length !== 4) return undefined;
  let value = 0n;
  for (const octet of octets) {
    if (!octetPattern.test(octet) || Number(octet) > 255) return undefined;
    value = (value << 8n) | BigInt(octet);
  }
  return value;
};

/** The forms of RFC 4291, section 2.2. A zone (`%eth0`) means something on one machine only: no address. */
const parseIpv6 = (text: string): bigint | undefined => {
  const quadAt = text.lastIndexOf(":") + 1;
  const quad = text.includes(".") ? parseIpv4(text.slice(quadAt)) : 0n;
  if (quad === undefined) return undefined;
  const groups = text.includes(".")
    ? `${text.slice(0, quadAt)}${(quad >> 16n).toString(16)}:${(quad & 0xffffn).toString(16)}`
    : text;
  const [head = "", tail, ...more] = groups.split("::");
  if (more.length > 0) return undefined;
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const missing = 8 - left.length - right.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const all = [...left, ...Array.from({ length: missing }, () => "0"), ...right];
  if (!all.every((group) => groupPattern.test(group))) return undefined;
  return BigInt(`0x${all.map((group) => group.padStart(4, "0")).join("")}`);
};

const normalize = (ipv6: bigint): Address =>
  ipv6 >> 32n === mappedPrefix ? { family: 4, value: ipv6 & 0xffff_ffffn } : { family: 6, value: ipv6 };

/** Reads an address, strictly: what `inet_aton` alone would understand (`127.1`, `0x7f.1`, `010.0.0.1`) is none. */
export const parseAddress = (text: string): Address | undefined => {
  if (text.length > addressCharsMax) return undefined;
  if (!text.includes(":")) {
    const value = parseIpv4(text);
    return value === undefined ? undefined : { family: 4, value };
  }
  const value = parseIpv6(text);
  return value === undefined ? undefined : normalize(value);
};

/** The canonical text: dotted decimal, or RFC 5952. */
export const formatAddress = ({ family, value }: Address): string => {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join(".");
  const groups = value.toString(16).padStart(32, "0").match(/.{4}/g) ?? [];
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
};

/** Bits of an IPv6 address that tell one network from another: whoever has one has all addresses within it. */
const networkBits = 64n;

/**
 * A text that all addresses of one network have in common: the address itself of IPv4, the first half of IPv6. Text that is no
 * address is its own.
 */
export const networkOf = (text: string): string => {
  const address = parseAddress(text);
  if (address === undefined) return text;
  const { family, value } = address;
  return formatAddress(family === 4 ? address : { family, value: (value >> networkBits) << networkBits });
};

/** The part of an address that a prefix compares. */
const head = ({ family, value }: Address, prefixBits: number): bigint => value >> BigInt(bitsOf[family] - prefixBits);

/**
 * Reads `address/prefix`, or an address alone as a range of one. Bits behind the prefix are ignored. `::/0` is every
 * IPv6 address and no IPv4 one.
 */
export const parseCidr = (text: string): Cidr | undefined => {
  const [addressText = "", prefixText, ...more] = text.trim().split("/");
  const first = parseAddress(addressText);
  if (first === undefined || more.length > 0) return undefined;
  const writtenBits = addressText.includes(":") ? 128 : 32;
  if (prefixText === undefined) return { first, prefixBits: bitsOf[first.family] };
  if (!prefixPattern.test(prefixText) || Number(prefixText) > writtenBits) return undefined;
  // The mapped form of an IPv4 range has 96 bits in front; a shorter prefix would reach beyond IPv4.
  const prefixBits = Number(prefixText) - (writtenBits - bitsOf[first.family]);
  if (prefixBits < 0) return undefined;
  const hostBits = BigInt(bitsOf[first.family] - prefixBits);
  return { first: { family: first.family, value: (first.value >> hostBits) << hostBits }, prefixBits };
};

/**
 * A set of CIDRs and single addresses. A look-up costs one step per distinct prefix length, however many ranges.
 * @throws {Error} naming the first entry that is neither.
 */
export const createAddressSet = (cidrs: Iterable<string>): AddressSet => {
  const byPrefix = { 4: new Map<number, Set<bigint>>(), 6: new Map<number, Set<bigint>>() };
  let isEmpty = true;
  for (const text of cidrs) {
    const cidr = parseCidr(text);
    if (cidr === undefined) {
      throw new Error(`"${text}" is neither an IP address nor a range such as 10.0.0.0/8 or fd00::/8`);
    }
    const { first, prefixBits } = cidr;
    const heads = byPrefix[first.family].get(prefixBits) ?? new Set();
    byPrefix[first.family].set(prefixBits, heads.add(head(first, prefixBits)));
    isEmpty = false;
  }
  return {
    isEmpty,
    has(address) {
      const parsed = typeof address === "string" ? parseAddress(address) : address;
      if (parsed === undefined) return false;
      for (const [prefixBits, heads] of byPrefix[parsed.family]) {
        if (heads.has(head(parsed, prefixBits))) return true;
      }
      return false;
    },
  };
};
