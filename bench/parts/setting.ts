import { makeKey } from "../../harness/make-key.ts";
import { type BenchSource, type Client, createClient } from "../gateway/client.ts";
import { type GatewayProcess, startGateway } from "../gateway/process.ts";
import type { PartLetter } from "../options.ts";
import type { Bench } from "./bench.ts";

/** A gateway that runs, a key to it, and sources to send to. */
export type Setting = {
  readonly gateway: GatewayProcess;
  readonly client: Client;
  readonly source: BenchSource;
};

/** As many sends in flight as requests come in at once: fewer would measure the lane. */
export const concurrency = 64;

/** A new gateway on an empty store, with one GitHub source, which may have rules, and with the sink as its destination if that is wanted. */
export const newSetting = async (
  bench: Bench,
  part: PartLetter,
  { delivers, ruled = false }: { delivers: boolean; ruled?: boolean },
): Promise<Setting> => {
  const place = await bench.stores.next(bench.newDirectory(part));
  const gateway = await startGateway(bench.children, { place, profileDirectory: bench.profileDirectory(part) });
  const client = createClient(gateway.url, await makeKey(bench.children, place.directory, place.environment));
  const source = await (ruled ? client.makeRuledSource("bench") : client.makeSource("bench"));
  if (delivers) await client.makeDestination(source, { url: `${bench.sink.url}/`, concurrency });
  return { gateway, client, source };
};
