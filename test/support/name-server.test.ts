import { Resolver } from "node:dns/promises";
import { once } from "node:events";
import { connect } from "node:net";

import { expect, test } from "vitest";

import { startNameServer } from "./name-server.ts";

test("a name server that is taken for another by whoever had its port before answers all the same", async () => {
  await using server = await startNameServer();
  server.set("receiver.test", ["192.0.2.1"]);
  const stranger = connect(Number(server.address.split(":")[1]), "127.0.0.1");
  await once(stranger, "connect");
  // As PostgreSQL's clients begin: of no length, as DNS reads it.
  stranger.end(Buffer.from([0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f]));
  stranger.resume();
  await once(stranger, "close");

  const resolver = new Resolver();
  resolver.setServers([server.address]);
  expect(await resolver.resolve4("receiver.test")).toEqual(["192.0.2.1"]);
});
