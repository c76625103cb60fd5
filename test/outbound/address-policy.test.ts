import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { formatAddress, parseAddress } from "../../src/lib/ip.ts";
import { isGloballyReachable } from "../../src/outbound/address-policy.ts";
import { forbiddenAddresses, publicAddresses, specialRanges } from "../support/destination-urls.ts";

const isReachable = (text: string): boolean => isGloballyReachable(parseAddress(text)!);

describe("these addresses are globally reachable", () => {
  test.for(publicAddresses)("%s", (text) => {
    expect(isReachable(text)).toBe(true);
  });
});

describe("these addresses are not", () => {
  test.for(forbiddenAddresses)("%s", (text) => {
    expect(isReachable(text)).toBe(false);
  });
});

test.for(specialRanges)("no address of %s is, from %s to %s", ([, first, last]) => {
  const [from, to] = [parseAddress(first)!, parseAddress(last)!];
  expect(from.family).toBe(to.family);
  const inside = fc.bigInt({ min: from.value, max: to.value });
  fc.assert(fc.property(inside, (value) => !isGloballyReachable({ family: from.family, value })));
});

describe("a private IPv4 address stays refused", () => {
  const octet = fc.nat(255);
  const privateIpv4 = fc.oneof(
    fc.tuple(fc.constantFrom(0, 10, 127), octet, octet, octet),
    fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), octet, octet),
    fc.tuple(fc.constant(192), fc.constant(168), octet, octet),
    fc.tuple(fc.constant(169), fc.constant(254), octet, octet),
    fc.tuple(fc.constant(100), fc.integer({ min: 64, max: 127 }), octet, octet),
    fc.tuple(fc.integer({ min: 224, max: 255 }), octet, octet, octet),
  );
  const group = fc.nat(0xffff).map((value) => value.toString(16));

  test.for([
    ["by itself", (quad: string) => quad],
    ["IPv4-mapped", (quad: string) => `::ffff:${quad}`],
    ["IPv4-compatible", (quad: string) => `::${quad}`],
    ["IPv4-translated", (quad: string) => `::ffff:0:${quad}`],
    ["behind NAT64", (quad: string) => `64:ff9b::${quad}`],
    ["behind a local NAT64", (quad: string, _hex: string, any: string) => `64:ff9b:1:${any}::${quad}`],
    ["in 6to4", (_quad: string, hex: string, any: string) => `2002:${hex}::${any}`],
    ["as a Teredo server", (_quad: string, hex: string, any: string) => `2001:0:${hex}:8000::${any}`],
    [
      "as a Teredo client",
      (_quad: string, _hex: string, any: string, inverse: string) => `2001:0:${any}:1::${inverse}`,
    ],
    ["in ISATAP", (quad: string, _hex: string, any: string) => `2a00:${any}::5efe:${quad}`],
    [
      "in ISATAP with a global identifier",
      (quad: string, _hex: string, any: string) => `2a00:${any}::200:5efe:${quad}`,
    ],
  ] as const)("%s", ([, spell]) => {
    fc.assert(
      fc.property(privateIpv4, group, (octets, any) => {
        const quad = octets.join(".");
        const value = parseAddress(quad)!.value;
        const hex = (number: bigint): string => `${(number >> 16n).toString(16)}:${(number & 0xffffn).toString(16)}`;
        const text = spell(quad, hex(value), any, hex(value ^ 0xffff_ffffn));
        expect(isReachable(text)).toBe(false);
        expect(isReachable(formatAddress(parseAddress(text)!))).toBe(false);
      }),
    );
  });
});
