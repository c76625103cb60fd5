import { type Address, type AddressSet, formatAddress, parseAddress } from "../lib/ip.ts";

/** Entries of a forwarding header that are looked at. More proxies in a row than this are not real. */
const hopsMax = 32;

const mappedPrefix = "::ffff:";

/**
 * The address of whoever sent a request: the socket's, or, when that is a trusted proxy's, the last address in
 * `x-forwarded-for` that is not one. What stands before it was written by the sender and proves nothing.
 */
export const senderAddressOf = (
  socketAddress: string | undefined,
  forwardedFor: readonly string[],
  trusted: AddressSet,
): string | null => {
  if (socketAddress === undefined) return null;
  if (trusted.isEmpty) {
    return socketAddress.startsWith(mappedPrefix) ? socketAddress.slice(mappedPrefix.length) : socketAddress;
  }
  let address: Address | undefined = parseAddress(socketAddress);
  const hops = forwardedFor.join(",").split(",").slice(-hopsMax).toReversed();
  for (const hop of hops) {
    if (address === undefined || !trusted.has(address)) break;
    const next = parseAddress(hop.trim());
    if (next === undefined) break;
    address = next;
  }
  return address === undefined ? null : formatAddress(address);
};
