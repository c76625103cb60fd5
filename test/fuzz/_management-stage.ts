import { http } from "../../harness/http.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { eventually, listEvents, makeDestination, makeSource } from "../support/journey.ts";
import { startReceiver } from "../support/receiver.ts";
import type { WireAnswer } from "../support/wire.ts";
import { converse, latin1 } from "./_dialogue.ts";
import type { Placeholder } from "./_field-texts.ts";
import type { ManagementRequest } from "./_management-requests.ts";

/** A gateway with one of everything, and requests to it as they are written. */
export type ManagementStage = {
  readonly gateway: TestGateway;
  /** Puts what is there in place of the placeholders. */
  fill(text: string): string;
  /** The answer, or null when the connection was closed without one. */
  say(request: ManagementRequest): Promise<WireAnswer | null>;
  /** Makes again what was deleted, and deletes what was made beside it. */
  tidy(): Promise<void>;
  close(): Promise<void>;
};

type Things = Record<Placeholder | "<key>", string>;

/** One of everything that routes name. */
const makeThings = async (gateway: TestGateway, receiverUrl: string): Promise<Things> => {
  const source = await makeSource(gateway, { name: "filled", provider: "generic", require_signature: false });
  const destination = await makeDestination(gateway, source, { url: receiverUrl });
  await http(source.url, { method: "POST", body: '{"type":"a"}' });
  const [event] = await eventually(
    () => listEvents(gateway, source),
    ([first]) => first?.status === "succeeded",
  );
  const replay = await gateway.request("POST", `/webhooks/sources/${source.id}/replays`, {});
  return {
    "<source>": source.id,
    "<destination>": destination.id,
    "<event>": event!.id,
    "<replay>": String(replay.body.data.id),
    "<receiver>": receiverUrl,
    "<key>": gateway.key,
  };
};

/** Opens the stage. Names resolve nowhere, and nothing but this machine can be sent to. */
export const openManagementStage = async (): Promise<ManagementStage> => {
  const gateway = await startGateway();
  const receiver = await startReceiver();
  const port = Number(new URL(gateway.url).port);
  let things = await makeThings(gateway, receiver.url);
  const fill = (text: string): string =>
    Object.entries(things).reduce((filled, [name, value]) => filled.replaceAll(name, value), text);
  const isThere = async (path: string): Promise<boolean> => (await gateway.request("GET", fill(path))).status === 200;
  return {
    gateway,
    fill,
    say: async ({ method, target, headers, body }) => {
      const length = `content-length: ${fill(body).length}`;
      const lines = [`${method} ${target} HTTP/1.1`, "host: x", "connection: close", ...headers, length, ""];
      const text = `${fill(lines.join("\r\n"))}\r\n${fill(body)}`;
      const { answers, end } = await converse(port, { pieces: [latin1(text)], isHead: () => method === "HEAD" });
      if (answers.length > 1 || end !== "closed") throw new Error(`${answers.length} answers, ${end}`);
      return answers[0] ?? null;
    },
    tidy: async () => {
      const isWhole =
        (await isThere("/webhooks/sources/<source>/events/<event>")) &&
        (await isThere("/webhooks/sources/<source>/destinations/<destination>"));
      if (!isWhole) things = await makeThings(gateway, receiver.url);
      const sources = await gateway.request("GET", "/webhooks/sources");
      const others: readonly { id: string }[] = sources.body.data;
      for (const { id } of others) {
        if (id !== things["<source>"]) await gateway.request("DELETE", `/webhooks/sources/${id}`);
      }
    },
    close: () => receiver.close(),
  };
};
