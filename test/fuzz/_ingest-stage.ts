import { createHmac } from "node:crypto";

import { expect } from "vitest";

import { http } from "../../harness/http.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { eventually, makeDestination, makeSource, type MadeSource } from "../support/journey.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { bodyOf, readStoredSince } from "./_stored.ts";

/** Small, so that bodies above it and above twice of it are cheap to send. */
export const bodyBytesMax = 4_096;

/** A source that is sent odd things, and whose newest event is known. */
export type Lane = { readonly source: MadeSource; newestId: string | null };

/** Sources that read what is sent to them in different ways. They forward whatever they get. */
const laneSettings: readonly (readonly [source: object, destination: object])[] = [
  [{ provider: "generic", event_type_source: "body", event_type_path: "type" }, { payload_format: "envelope" }],
  [
    { provider: "generic", event_type_source: "header", event_type_path: "X-Event-Type" },
    { forward_headers: ["x-twice", "x-event-type", "cookie", "x-forwarded-for", "accept-encoding", "range", "te"] },
  ],
  [
    {
      provider: "generic",
      signing_secret: "hush",
      signing_header: "__proto__",
      event_type_source: "header",
      event_type_path: "constructor",
    },
    { forward_headers: ["__proto__", "constructor", "tostring", "valueof", "hasownproperty", "length", "then"] },
  ],
  [
    { provider: "generic", event_type_source: "body", event_type_path: "__proto__.toString.0" },
    { payload_format: "envelope", event_filter: [] },
  ],
  [{ provider: "stripe", signing_secret: "whsec_hush" }, { ordered: true }],
  [
    { provider: "slack", signing_secret: "hush" },
    { rate_limit: 100_000, rate_limit_period: "second" },
  ],
];

const openLane = async (
  gateway: TestGateway,
  receiver: Receiver,
  [settings, destination]: (typeof laneSettings)[number],
): Promise<Lane> => {
  const source = await makeSource(gateway, { ...settings, require_signature: false });
  await makeDestination(gateway, source, { url: receiver.url, ...destination });
  return { source, newestId: null };
};

/** Well-formed and signed events, sent in between, that have to arrive whatever else is sent. */
type Controls = { send(): Promise<void>; expectWhole(): Promise<void> };

const openControls = async (gateway: TestGateway, receiver: Receiver): Promise<Controls> => {
  const secret = "the control's secret";
  const source = await makeSource(gateway, { provider: "github", signing_secret: secret });
  await makeDestination(gateway, source, { url: receiver.url });
  const sent: string[] = [];
  return {
    send: async () => {
      const body = JSON.stringify({ control: sent.length });
      sent.push(body);
      const signature = createHmac("sha256", secret).update(body).digest("hex");
      const headers = { "x-github-event": "push", "x-hub-signature-256": `sha256=${signature}` };
      expect(await http(source.url, { method: "POST", headers, body })).toMatchObject({ status: 200 });
    },
    expectWhole: async () => {
      const stored = await readStoredSince(gateway, source.id);
      expect(stored.map((event) => bodyOf(event).toString()).toSorted()).toEqual(sent.toSorted());
      expect(stored.filter((event) => !event.signature_valid || event.event_type !== "push")).toEqual([]);
      const received = await receiver.waitFor(sent.length);
      expect(received.map(({ body }) => body.toString()).toSorted()).toEqual(sent.toSorted());
    },
  };
};

/** How many events of a source have a status. */
const countOf = async (gateway: TestGateway, { source }: Lane, status: string): Promise<number> => {
  const listed = await gateway.request("GET", `/webhooks/sources/${source.id}/events?per_page=1&status=${status}`);
  return Number(listed.body.meta.total);
};

/** A gateway to send odd things to, with receivers behind it and events beside them that must come through. */
export type IngestStage = {
  readonly gateway: TestGateway;
  readonly port: number;
  readonly lanes: readonly Lane[];
  readonly controls: Controls;
  /** Whatever was stored was delivered, odd as it may be. */
  expectDelivered(): Promise<void>;
  close(): Promise<void>;
};

export const openIngestStage = async (): Promise<IngestStage> => {
  const gateway = await startGateway({ environment: { BODY_LIMIT_BYTES: String(bodyBytesMax) } });
  const [odd, controlled] = [await startReceiver(), await startReceiver()];
  const controls = await openControls(gateway, controlled);
  const lanes: Lane[] = [];
  for (const settings of laneSettings) lanes.push(await openLane(gateway, odd, settings));
  return {
    gateway,
    lanes,
    controls,
    port: Number(new URL(gateway.url).port),
    expectDelivered: async () => {
      for (const lane of lanes) {
        await eventually(
          () => countOf(gateway, lane, "forwarding"),
          (count) => count === 0,
        );
        expect([lane.source.id, await countOf(gateway, lane, "failed")]).toEqual([lane.source.id, 0]);
        expect([lane.source.id, await countOf(gateway, lane, "received")]).toEqual([lane.source.id, 0]);
      }
    },
    close: async () => {
      await Promise.all([odd.close(), controlled.close()]);
    },
  };
};
