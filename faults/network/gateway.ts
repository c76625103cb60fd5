import { once } from "node:events";

import { z } from "zod";

import type { NameServer } from "../../test/support/name-server.ts";
import type { Gateway, GatewayWish } from "../gateway.ts";

const preload = new URL("preload.ts", import.meta.url).href;
const authority = new URL("../../test/support/tls/receiver.cert.pem", import.meta.url).pathname;

/** A gateway that asks `names` for every name, and trusts the certificate of the tests' receivers. */
export const askingNames = ({ address }: Pick<NameServer, "address">): GatewayWish => ({
  nodeArguments: ["--import", preload],
  environment: { FAULT_NAME_SERVER: address, NODE_EXTRA_CA_CERTS: authority },
  hasChannel: true,
});

const told = z.tuple([z.array(z.tuple([z.string(), z.int()]))]).rest(z.unknown());

/** The addresses that it has dialed so far. @throws {Error} when there is none: then nobody listened. */
export const dialedBy = async ({ serve }: Gateway): Promise<readonly string[]> => {
  const answer = once(serve.child, "message");
  serve.child.send("where?");
  const [counts] = told.parse(await answer);
  if (counts.length === 0) throw new Error("the gateway has dialed nothing");
  return counts.map(([address]) => address);
};
