import { startGateway } from "../gateway/process.ts";
import { type RoadSettings, setRoads } from "../store/roads.ts";
import type { Bench } from "./bench.ts";
import { measureDelivered, type Throughput } from "./closed-loop.ts";
import { newSetting } from "./setting.ts";

/** What connections may do with events, beside letting them pass. */
export type RoadPart = "m" | "n";

const isPush = { field: "headers.x-github-event", op: "eq", value: "push" };
const isMain = { field: "payload.ref", op: "eq", value: "refs/heads/main" };

/** Every event passes one of two filters; and a transform that makes a small object of a body of 1 KB. */
const roads: Readonly<Record<RoadPart, readonly RoadSettings[]>> = {
  m: [{ filterRules: [isMain, isPush] }, { filterRules: [isMain, { ...isPush, op: "neq" }] }],
  n: [
    {
      transform: '{ "ref": ref, "repository": repository.full_name, "commits": $count(commits), "type": $event.type }',
    },
  ],
};

/** c, with what the part asks of connections written into the store. */
export const measureRoads = async (bench: Bench, part: RoadPart): Promise<Throughput> => {
  const { gateway: before, source } = await newSetting(bench, part, { delivers: true });
  await before.stop();
  const place = { directory: before.directory, environment: {} };
  setRoads(before.directory, roads[part]);
  const gateway = await startGateway(bench.children, { place, profileDirectory: bench.profileDirectory(part) });
  try {
    const targets = [{ port: gateway.port, path: source.path }];
    return await measureDelivered(bench, { gateways: [gateway], targets });
  } finally {
    await gateway.stop();
  }
};
