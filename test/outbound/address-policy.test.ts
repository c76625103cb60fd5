import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { formatAddress, parseAddress } from "../../src/lib/ip.ts";
import { isGloballyReachable } from "../../src/outbound/address-policy.ts";

const isReachable = (text: string): boolean => isGloballyReachable(parseAddress(text)!);

describe("these addresses are globally reachable", () => {
  test.for([
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "191.255.255.255",
    "192.0.1.0",
    "192.0.3.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "198.51.99.255",
    "203.0.114.0",
    "223.255.255.255",
    "168.63.129.15",
    "::ffff:8.8.8.8",
    "::ffff:808:808",
    "64:ff9b::8.8.8.8",
    "2000::",
    "2606:4700:4700::1111",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2003::1",
    "2620:4f:8000::1",
    "3ffe:ffff::1",
    "2a00:1450::5efe:8.8.8.8",
  ])("%s", (text) => {
    expect(isReachable(text)).toBe(true);
  });
});

describe("these addresses are not", () => {
  test.for([
    // IPv4, the special-purpose registry: first and last of each block.
    "0.0.0.0",
    "0.255.255.255",
    "10.0.0.0",
    "10.255.255.255",
    "100.64.0.0",
    "100.127.255.255",
    "100.100.100.200",
    "127.0.0.0",
    "127.0.0.1",
    "127.255.255.255",
    "169.254.0.0",
    "169.254.169.254",
    "169.254.255.255",
    "172.16.0.0",
    "172.31.255.255",
    "192.0.0.0",
    "192.0.0.8",
    "192.0.0.192",
    "192.0.0.255",
    "192.0.2.0",
    "192.0.2.255",
    "192.88.99.1",
    "192.168.0.0",
    "192.168.255.255",
    "198.18.0.0",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.255",
    "168.63.129.16",
    // Multicast, reserved, broadcast.
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.0",
    "255.255.255.254",
    "255.255.255.255",
    // IPv6, the special-purpose registry.
    "::",
    "::1",
    "100::1",
    "100:0:0:1::1",
    "2001::1",
    "2001:1::1",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:1ff:ffff::",
    "2001:db8::1",
    "3fff::1",
    "3fff:fff:ffff::",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "fdff::1",
    "fe80::1",
    "febf::1",
    // Site-local, multicast, and what IANA has not given out.
    "fec0::1",
    "feff::1",
    "ff02::1",
    "ff0e::1",
    "200::1",
    "400::1",
    "1000::1",
    "1fff::1",
    "4000::1",
    "8000::1",
    "f800::1",
    // IPv4 inside IPv6.
    "::ffff:10.0.0.1",
    "::ffff:a00:1",
    "::ffff:169.254.169.254",
    "::10.0.0.1",
    "::8.8.8.8",
    "::ffff:0:10.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:0:0:1::8.8.8.8",
    "64:ff9b:1::8.8.8.8",
    "64:ff9b:1::10.0.0.1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2002:808:808::1",
    "2001:0:a00:1::",
    "2001:0:4136:e378:8000:63bf:f5ff:fffe",
    "2a00:1450::5efe:10.0.0.1",
    "2a00:1450::200:5efe:127.0.0.1",
    "2a00:1450:0:0:300:5efe:a9fe:a9fe",
    "fe80::5efe:8.8.8.8",
  ])("%s", (text) => {
    expect(isReachable(text)).toBe(false);
  });
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
