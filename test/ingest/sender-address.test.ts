import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { senderAddressOf } from "../../src/ingest/sender-address.ts";
import { createAddressSet } from "../../src/lib/ip.ts";

const nobody = createAddressSet([]);
const proxies = createAddressSet(["10.0.0.0/8", "fd00::/8"]);
const client = "198.51.100.7";

test.for([
  ["203.0.113.1", "203.0.113.1"],
  ["::ffff:203.0.113.1", "203.0.113.1"],
  ["2001:db8::1", "2001:db8::1"],
  [undefined, null],
] as const)("without trusted proxies %j is %j, whatever a header says", ([socket, expected]) => {
  expect(senderAddressOf(socket, [client], nobody)).toBe(expected);
});

describe("behind trusted proxies", () => {
  test.for([
    ["the last address that is no proxy's", "10.0.0.1", [client], client],
    ["through two proxies", "10.0.0.1", [`${client}, 10.0.0.2`], client],
    ["through two proxies that write a line each", "10.0.0.1", [client, "10.0.0.2"], client],
    ["with spaces and IPv6", "fd00::1", [` 2001:DB8::7 ,fd00::2`], "2001:db8::7"],
    ["behind a socket in mapped form", "::ffff:10.0.0.1", [client], client],
    ["of a mapped client", "10.0.0.1", [`::ffff:${client}`], client],
    ["whatever the client wrote before", "10.0.0.1", [`127.0.0.1, 10.0.0.9, evil, ${client}`], client],
    ["the proxy's own, when it says nothing", "10.0.0.1", [], "10.0.0.1"],
    ["the proxy's own, when what it says is no address", "10.0.0.1", ["unknown"], "10.0.0.1"],
    ["of the proxy before the one that says nonsense", "10.0.0.1", ["nonsense, 10.0.0.2"], "10.0.0.2"],
    ["with a port, which is no address", "10.0.0.1", [`${client}:4711`], "10.0.0.1"],
    ["the outermost proxy's, when all are proxies", "10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"],
    ["the socket's, when that is no proxy", "203.0.113.1", [client], "203.0.113.1"],
    ["nothing, when there is no socket any more", undefined, [client], null],
    ["nothing, when the socket has no address", "somewhere", [client], null],
  ] as const)("it is %s", ([_, socket, forwardedFor, expected]) => {
    expect(senderAddressOf(socket, forwardedFor, proxies)).toBe(expected);
  });

  test("nothing that a client writes changes what the last proxy says", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.ipV4(), fc.constant("10.1.1.1")), { maxLength: 60 }), (written) => {
        expect(senderAddressOf("10.0.0.1", [...written, client], proxies)).toBe(client);
        expect(senderAddressOf("10.0.0.1", [`${written.join(",")},${client}`], proxies)).toBe(client);
        expect(senderAddressOf("203.0.113.1", written, proxies)).toBe("203.0.113.1");
      }),
    );
  });

  test("no more than 32 hops are looked at", () => {
    const hops = [client, ...Array.from({ length: 40 }, (_, at) => `10.0.1.${at}`)];
    expect(senderAddressOf("10.0.0.1", hops, proxies)).toBe("10.0.1.8");
  });
});
