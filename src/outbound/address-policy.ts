import { createAddressSet, type Address } from "../lib/ip.ts";

/**
 * IPv4 that no receiver has: https://www.iana.org/assignments/iana-ipv4-special-registry, multicast, and the reserved
 * class E. What of it IANA calls globally reachable is anycast: it ends at whoever is nearest, on our own network first.
 */
const ipv4Refused = createAddressSet([
  "0.0.0.0/8", // this host
  "10.0.0.0/8", // private
  "100.64.0.0/10", // shared between a provider and its customers; Alibaba's metadata too
  "127.0.0.0/8", // loopback
  "169.254.0.0/16", // link-local; the metadata service of most clouds
  "172.16.0.0/12", // private
  "192.0.0.0/24", // IETF protocol assignments; Oracle's metadata too
  "192.0.2.0/24", // documentation
  "192.31.196.0/24", // AS112
  "192.52.193.0/24", // multicast tunnels
  "192.88.99.0/24", // 6to4 relays, withdrawn
  "192.168.0.0/16", // private
  "192.175.48.0/24", // AS112
  "198.18.0.0/15", // benchmarking
  "198.51.100.0/24", // documentation
  "203.0.113.0/24", // documentation
  "224.0.0.0/4", // multicast
  "240.0.0.0/4", // reserved, and the limited broadcast
  // Public by number, private by use: the platform's own address inside every Azure machine.
  "168.63.129.16/32",
]);

/**
 * The only IPv6 space that IANA has given out for global unicast
 * (https://www.iana.org/assignments/ipv6-address-space). What lies outside is loopback, unique local, link-local,
 * site-local, multicast, IPv4-compatible, discard, segment routing, or not assigned.
 */
const ipv6GlobalUnicast = createAddressSet(["2000::/3"]);

/** The exceptions inside it: https://www.iana.org/assignments/iana-ipv6-special-registry. */
const ipv6Refused = createAddressSet([
  // Protocol assignments: Teredo (2001::/32), benchmarking, ORCHID, and anycast services as above.
  "2001::/23",
  "2001:db8::/32", // documentation
  "2002::/16", // 6to4: leads to the IPv4 address inside, through whoever offers a relay
  "2620:4f:8000::/48", // AS112
  "3fff::/20", // documentation
]);

/** The well-known NAT64 prefix (RFC 6052): a translator leads on to the IPv4 address in the last 32 bits. */
const nat64 = createAddressSet(["64:ff9b::/96"]);

/** ISATAP (RFC 5214): interface identifiers `0:5efe` and `200:5efe`, before the IPv4 address that a tunnel leads to. */
const isIsatap = (value: bigint): boolean => ((value >> 32n) & 0xfcff_ffffn) === 0x5efen;

const ipv4Inside = (value: bigint): Address => ({ family: 4, value: value & 0xffff_ffffn });

/**
 * Whether an address is globally reachable and set aside for no purpose of its own, and so is the IPv4 address inside it,
 * if it carries one. IPv4-mapped addresses are IPv4 already (`parseAddress`).
 */
export const isGloballyReachable = (address: Address): boolean => {
  if (address.family === 4) return !ipv4Refused.has(address);
  if (nat64.has(address)) return isGloballyReachable(ipv4Inside(address.value));
  if (!ipv6GlobalUnicast.has(address) || ipv6Refused.has(address)) return false;
  return !isIsatap(address.value) || isGloballyReachable(ipv4Inside(address.value));
};
