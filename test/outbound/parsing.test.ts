import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { systemClock } from "../../src/lib/clock.ts";
import { parseAddress } from "../../src/lib/ip.ts";
import { createPools } from "../../src/outbound/_pools.ts";
import { isGloballyReachable } from "../../src/outbound/address-policy.ts";
import { parseEgressAllow } from "../../src/outbound/egress-allow.ts";
import { createSend } from "../../src/outbound/send.ts";
import { bareHost, judgeUrl } from "../../src/outbound/url-policy.ts";
import { forbiddenUrls, publicUrls } from "../support/destination-urls.ts";

/** Where the guard is asked to let a request to this URL go: what undici has made of it. Undefined: it is not asked. */
const targetOf = async (url: string): Promise<object | undefined> => {
  let target: object | undefined;
  const connector = { isHandingOver: () => false, openSockets: () => 0 };
  const pools = createPools({
    connectFor:
      () =>
      ({ protocol, hostname, port }, callback) => {
        target = { protocol, host: bareHost(hostname), port };
        callback(new Error("not connected"), null);
      },
  });
  await createSend({ clock: systemClock, pools, connector })({ url, method: "POST", headers: [], timeoutMs: 5_000 });
  await pools.close();
  return target;
};

/** The same, as it is judged at save. */
const judgedOf = (url: string): object | undefined => {
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) return undefined;
  return { protocol: parsed.protocol, host: bareHost(parsed.hostname), port: parsed.port };
};

/** Hosts made of what the spellings of addresses are made of. */
const strangeHost = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "127",
        "0x7f",
        "0177",
        "10",
        "169.254",
        "0xa9fe",
        "2130706433",
        "1",
        "0",
        "00",
        "255",
        "256",
        "08",
      ),
      fc.constantFrom(".", ".", "..", "。", "．", "%2e", "１", "①", "%31", "\u{ad}", "x", "a", "-", "_", "%"),
      fc.constantFrom("[", "]", ":", "::", "ffff", "@", "\\", "/", "?", "#", "\t", "localhost", "public.test"),
    ),
    { minLength: 1, maxLength: 8 },
  )
  .map((parts) => parts.join(""));

describe("what is judged at save is what is connected to at send", () => {
  test("for every URL of the table", async () => {
    for (const url of [...forbiddenUrls.map((forbidden) => forbidden.url), ...publicUrls]) {
      expect([url, await targetOf(url)]).toEqual([url, judgedOf(url)]);
    }
  });

  test("for whatever else may be typed", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("https://", "https:", "https:\\\\", "http://"),
        strangeHost,
        async (scheme, host) => {
          const url = scheme + host;
          expect(await targetOf(url)).toEqual(judgedOf(url));
        },
      ),
      { numRuns: 500 },
    );
  });

  test("and no spelling of an address gets past it", () => {
    const nothing = parseEgressAllow([]);
    fc.assert(
      fc.property(strangeHost, (host) => {
        const verdict = judgeUrl(`https://${host}/`, nothing);
        const address = verdict.ok ? parseAddress(bareHost(new URL(verdict.url).hostname)) : undefined;
        expect(address === undefined || isGloballyReachable(address)).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });
});
