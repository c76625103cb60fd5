import { BlockList, isIP } from "node:net";

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { createAddressSet, formatAddress, parseAddress, parseCidr } from "../../src/lib/ip.ts";

/** Text that looks like an address far more often than chance would have it. */
const addressLike = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.ipV4().map((ip) => `::ffff:${ip}`),
  fc.ipV4().map((ip) => `::${ip}`),
  fc.ipV4Extended(),
  fc.string({ unit: fc.constantFrom(..."0129afx:.%/ ".split("")), maxLength: 46 }),
  fc.array(fc.constantFrom("", "0", "1", "ffff", "00001", "g"), { maxLength: 10 }).map((groups) => groups.join(":")),
);

describe("an address", () => {
  test.for([
    ["192.0.2.1", "192.0.2.1"],
    ["0.0.0.0", "0.0.0.0"],
    ["255.255.255.255", "255.255.255.255"],
    ["::", "::"],
    ["::1", "::1"],
    ["2001:DB8:0:0:8:0:0:1", "2001:db8::8:0:0:1"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    ["::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::FFFF:c000:201", "192.0.2.1"],
    ["0:0:0:0:0:ffff:192.0.2.1", "192.0.2.1"],
    ["::192.0.2.1", "::c000:201"],
    ["64:ff9b::192.0.2.1", "64:ff9b::c000:201"],
    ["::ffff:0:192.0.2.1", "::ffff:0:c000:201"],
  ] as const)("%s is %s", ([text, canonical]) => {
    expect(formatAddress(parseAddress(text)!)).toBe(canonical);
  });

  test.for([
    "",
    " ",
    "127.1",
    "0x7f.0.0.1",
    "017700000001",
    "2130706433",
    "010.0.0.1",
    "1.2.3.4.",
    "1.2.3.256",
    "1.2.3",
    "1.2.3.4.5",
    "+1.2.3.4",
    "1.2.3.-4",
    "１.2.3.4",
    "1.2.3.4 ",
    "1.2.3.4/8",
    ":",
    ":::",
    "1::2::3",
    ":1",
    "1:",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "12345::",
    "g::",
    "[::1]",
    "fe80::1%eth0",
    "::ffff:1.2.3",
    "::1.2.3.4:5",
    "::ffff:01.2.3.4",
    "1.2.3.4::",
    "localhost",
    `${"0:".repeat(40)}1`,
  ])("%j is none", (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  test("is read exactly where Node reads one, but for zones", () => {
    fc.assert(
      fc.property(addressLike, (text) => {
        expect(parseAddress(text) !== undefined).toBe(isIP(text) !== 0 && !text.includes("%"));
      }),
      { numRuns: 2_000 },
    );
  });

  test("comes back from its canonical text", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const address = parseAddress(text)!;
        expect(parseAddress(formatAddress(address))).toEqual(address);
      }),
    );
  });
});

describe("a range", () => {
  test.for([
    ["10.0.0.0/8", "10.0.0.0", 8],
    ["10.1.2.3/8", "10.0.0.0", 8],
    ["10.1.2.3", "10.1.2.3", 32],
    [" 10.1.2.3/31 ", "10.1.2.2", 31],
    ["0.0.0.0/0", "0.0.0.0", 0],
    ["fd00::1/8", "fd00::", 8],
    ["::/0", "::", 0],
    ["::1", "::1", 128],
    ["::ffff:10.1.2.3/104", "10.0.0.0", 8],
    ["::ffff:10.1.2.3", "10.1.2.3", 32],
  ] as const)("%s begins at %s with %i bits", ([text, first, prefixBits]) => {
    const cidr = parseCidr(text)!;
    expect([formatAddress(cidr.first), cidr.prefixBits]).toEqual([first, prefixBits]);
  });

  test.for([
    "",
    "/8",
    "10.0.0.0/",
    "10.0.0.0/33",
    "10.0.0.0/-1",
    "10.0.0.0/08",
    "10.0.0.0/8/8",
    "10.0.0.0/8.0",
    "10/8",
    "::/129",
    "10.0.0.0/255.0.0.0",
    "::ffff:10.0.0.0/95",
    "example.com/8",
    "*",
  ])("%j is none", (text) => {
    expect(parseCidr(text)).toBeUndefined();
    expect(() => createAddressSet(["10.0.0.0/8", text])).toThrow(`"${text}" is neither`);
  });
});

describe("a set of ranges", () => {
  test.for([
    [["10.0.0.0/8"], "10.255.255.255", true],
    [["10.0.0.0/8"], "11.0.0.0", false],
    [["10.0.0.0/8"], "9.255.255.255", false],
    [["10.0.0.0/8"], "::ffff:10.1.2.3", true],
    [["10.0.0.0/8"], "::10.1.2.3", false],
    [["::ffff:10.0.0.0/104"], "10.1.2.3", true],
    [["192.0.2.128/25"], "192.0.2.127", false],
    [["192.0.2.128/25"], "192.0.2.128", true],
    [["192.0.2.7"], "192.0.2.7", true],
    [["192.0.2.7"], "192.0.2.8", false],
    [["0.0.0.0/0"], "255.255.255.255", true],
    [["0.0.0.0/0"], "::1", false],
    [["::/0"], "::1", true],
    [["::/0"], "1.2.3.4", false],
    [["2001:db8::/32"], "2001:db8:ffff::1", true],
    [["2001:db8::/32"], "2001:db9::", false],
    [["10.0.0.0/8", "192.168.0.0/16", "fd00::/8"], "192.168.1.1", true],
    [[], "10.0.0.1", false],
    [["0.0.0.0/0", "::/0"], "no address", false],
  ] as const)("%j has %s: %s", ([cidrs, address, expected]) => {
    expect(createAddressSet(cidrs).has(address)).toBe(expected);
  });

  test("knows whether it is empty", () => {
    expect([createAddressSet([]).isEmpty, createAddressSet(["::1"]).isEmpty]).toEqual([true, false]);
  });

  test("agrees with Node's block list", () => {
    const ipv6 = fc.ipV6().filter((ip) => parseAddress(ip)!.family === 6);
    const ranges = (ip: fc.Arbitrary<string>, bits: number) =>
      fc.tuple(fc.array(fc.tuple(ip, fc.integer({ min: 1, max: bits })), { minLength: 1 }), fc.nat(), fc.nat(bits - 1));
    fc.assert(
      fc.property(fc.oneof(ranges(fc.ipV4(), 32), ranges(ipv6, 128)), ([cidrs, pick, bit]) => {
        const { family, value } = parseAddress(cidrs[pick % cidrs.length]![0])!;
        const probe = formatAddress({ family, value: value ^ (1n << BigInt(bit)) });
        const oracle = new BlockList();
        for (const [address, prefix] of cidrs) oracle.addSubnet(address, prefix, `ipv${family}`);
        const set = createAddressSet(cidrs.map(([address, prefix]) => `${address}/${prefix}`));
        expect(set.has(probe)).toBe(oracle.check(probe, `ipv${family}`));
      }),
      { numRuns: 1_000 },
    );
  });
});
