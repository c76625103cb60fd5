import { writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { systemClock } from "../../src/lib/clock.ts";
import { formatAddress } from "../../src/lib/ip.ts";
import { isGloballyReachable } from "../../src/outbound/address-policy.ts";
import { parseEgressAllow } from "../../src/outbound/egress-allow.ts";
import { createGuard, type Guard } from "../../src/outbound/guard.ts";
import { createResolver } from "../../src/outbound/resolver.ts";
import { forbiddenUrls, publicUrls, teach } from "../support/destination-urls.ts";
import { startNameServer } from "../support/name-server.ts";
import { freshDirectory } from "../support/store.ts";

/** A guard with nothing in EGRESS_ALLOW, and a name server that knows the names of the table. */
const startGuard = async (hostsFile = "/nonexistent"): Promise<Guard & AsyncDisposable> => {
  const nameServer = await startNameServer();
  teach(nameServer);
  const resolver = createResolver({ clock: systemClock, servers: [nameServer.address], hostsFile });
  return {
    ...createGuard({ allow: parseEgressAllow([]), resolver }),
    async [Symbol.asyncDispose]() {
      resolver.close();
      await nameServer.close();
    },
  };
};

describe("a connection", () => {
  test("is let through to whatever is public, and to addresses alone", async () => {
    await using guard = await startGuard();
    for (const url of publicUrls.filter((each) => !each.includes("not-there-yet"))) {
      const addresses = await guard.admit(new URL(url));
      expect([url, addresses.length > 0 && addresses.every(isGloballyReachable)]).toEqual([url, true]);
    }
  });

  test("is not let through to a name without an address", async () => {
    await using guard = await startGuard();
    await expect(guard.admit(new URL("https://not-there-yet.test/"))).rejects.toMatchObject({ code: "dns" });
  });

  test("is not let through to what is forbidden", async () => {
    await using guard = await startGuard();
    for (const { url } of forbiddenUrls.filter(({ code }) => code === "refused_address")) {
      const error = await guard.admit(new URL(url)).catch((caught: unknown) => caught);
      expect({ url, error }).toMatchObject({ url, error: { name: "EgressError", code: "refused_address" } });
    }
  });

  test("is let through to a name of the hosts file by what is written there, whatever the name servers say", async () => {
    const hostsFile = join(freshDirectory(), "hosts");
    await writeFile(hostsFile, "127.0.0.1 public.test\n8.8.8.8 private.test\n8.8.8.8 both.test\n::1 both.test\n");
    await using guard = await startGuard(hostsFile);
    const refused = { code: "refused_address" };
    await expect(guard.admit(new URL("https://public.test/"))).rejects.toMatchObject(refused);
    await expect(guard.admit(new URL("https://both.test/"))).rejects.toMatchObject(refused);
    expect((await guard.admit(new URL("https://private.test/"))).map(formatAddress)).toEqual(["8.8.8.8"]);
  });

  test("is not let through by an address of the hosts file that cannot be read", async () => {
    const hostsFile = join(freshDirectory(), "hosts");
    await writeFile(hostsFile, "fe80::1%lo private.test\n010.8.8.8 private.test\n");
    await using guard = await startGuard(hostsFile);
    await expect(guard.admit(new URL("https://private.test/"))).rejects.toMatchObject({ code: "refused_address" });
  });

  test("is made to an address that Node takes as it is, without a look-up of its own", () => {
    const ipv4 = fc.bigInt({ min: 0n, max: 2n ** 32n - 1n });
    const ipv6 = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n });
    fc.assert(fc.property(ipv4, (value) => isIP(formatAddress({ family: 4, value })) === 4));
    fc.assert(fc.property(ipv6, (value) => isIP(formatAddress({ family: 6, value })) === 6));
  });
});
