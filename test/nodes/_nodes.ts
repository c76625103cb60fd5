import { type GatewayOptions, startGateway, type TestGateway } from "../support/gateway.ts";

/** Another node beside one that runs, or the first on a directory's database. */
export const startNode = (directory: string, { environment, ...options }: GatewayOptions = {}): Promise<TestGateway> =>
  startGateway({ ...options, environment: { DATA_DIR: directory, ...environment } });

/** The buckets that a node sends for. */
export const bucketsOf = ({ gateway }: TestGateway): readonly number[] => gateway.membership!.buckets;

/** A source whose events are forwarded as they come, and where to post them. */
export const makeSource = async (node: TestGateway): Promise<{ id: string; path: string }> => {
  const { body } = await node.request("POST", "/webhooks/sources", { name: "plain", require_signature: false });
  return { id: body.data.id, path: `/in/${body.data.slug}` };
};

/** A destination of a source. */
export const makeDestination = async (
  node: TestGateway,
  source: { id: string },
  fields: Readonly<Record<string, unknown>>,
): Promise<string> => {
  const { body } = await node.request("POST", `/webhooks/sources/${source.id}/destinations`, fields);
  return body.data.id;
};
