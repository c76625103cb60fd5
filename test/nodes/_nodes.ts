import { expect } from "vitest";

import { eventually } from "../support/engine.ts";
import { type GatewayOptions, startGateway, type TestGateway } from "../support/gateway.ts";

/** Another node beside one that runs, or the first on a directory's database. */
export const startNode = (directory: string, { environment, ...options }: GatewayOptions = {}): Promise<TestGateway> =>
  startGateway({ ...options, environment: { DATA_DIR: directory, ...environment } });

/** The buckets that a node sends for. */
export const bucketsOf = ({ gateway }: TestGateway): readonly number[] => gateway.membership!.buckets;

/** How many buckets each node sends for, least first. */
export const sharesOf = (...nodes: readonly TestGateway[]): readonly number[] =>
  nodes.map((node) => bucketsOf(node).length).toSorted((a, b) => a - b);

/** Starts two nodes, and waits until each has half of the work. */
export const startTwo = async (directory: string): Promise<readonly [TestGateway, TestGateway]> => {
  const nodes = [await startNode(directory), await startNode(directory)] as const;
  await eventually(() => expect(sharesOf(...nodes)).toEqual([32, 32]));
  return nodes;
};

/** A source whose events are forwarded as they come, and where to post them. */
export const makeSource = async (node: TestGateway): Promise<{ id: string; path: string }> => {
  const { body } = await node.request("POST", "/webhooks/sources", { name: "plain", require_signature: false });
  return { id: String(body.data.id), path: `/in/${String(body.data.slug)}` };
};

/** A destination of a source. */
export const makeDestination = async (
  node: TestGateway,
  source: { id: string },
  fields: Readonly<Record<string, unknown>>,
): Promise<string> => {
  const { body } = await node.request("POST", `/webhooks/sources/${source.id}/destinations`, fields);
  return String(body.data.id);
};
