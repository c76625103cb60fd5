import { Agent, request } from "node:http";

import { http, type HttpAnswer, type HttpWish } from "../../harness/http.ts";
import type { Id } from "../../src/lib/ids.ts";
import type { TestGateway } from "./gateway.ts";
import { idLiteral, select } from "./store.ts";

/** A source that was made with the hookstream API, and its two URLs. */
export type RuledSource = {
  /** As the API writes it: without dashes. */
  readonly id: string;
  readonly path: string;
  readonly slugPath: string;
};

/** An event as it lies in the store. */
export type StoredEvent = {
  readonly id: string;
  readonly status: string;
  readonly dedup: string | null;
  readonly schema_valid: number | null;
  readonly signature_reason: string;
  readonly quarantined: number;
  readonly method: string;
  readonly content_type: string | null;
  readonly body_bytes: number;
  readonly body_dropped: number;
  /** Bytes that are there. */
  readonly kept: number;
  readonly deliveries: number;
};

let made = 0;

/** Makes a source with these fields of the API. */
export const makeSource = async (gateway: TestGateway, fields: object = {}): Promise<RuledSource> => {
  made += 1;
  const { status, body } = await gateway.request("POST", "/v1/sources", {
    name: "ruled",
    slug: `ruled-${made}`,
    ...fields,
  });
  if (status !== 201) throw new Error(JSON.stringify(body));
  const id: string = body.source.id;
  const routed = [...gateway.core.table.sources()].find(({ source }) => source.id.replaceAll("-", "") === id)!;
  return { id, path: `/v1/ingest/${id}`, slugPath: `/in/${routed.source.ingestSlug}` };
};

const dashed = (id: string): Id => id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");

/** Leads a source to a receiver. */
export const connect = async (gateway: TestGateway, { id }: RuledSource, url: string): Promise<void> => {
  const { status, body } = await gateway.request("POST", `/webhooks/sources/${dashed(id)}/destinations`, { url });
  if (status !== 201) throw new Error(JSON.stringify(body));
};

/** An answer with its body read. */
export type Told = Pick<HttpAnswer, "status" | "headers"> & { readonly text: string; readonly json: unknown };

const read = ({ status, headers, body }: HttpAnswer): Told => {
  const text = body.toString();
  const isJson = text !== "" && headers["content-type"]?.startsWith("application/json") === true;
  return { status, headers, text, json: isJson ? JSON.parse(text) : undefined };
};

/** Sends a request to a source, by default a small JSON object to `/v1/ingest`. */
export const send = async (
  gateway: Pick<TestGateway, "url">,
  { path }: Pick<RuledSource, "path">,
  { query = "", ...wish }: HttpWish & { readonly query?: string } = {},
): Promise<Told> => {
  const headers = { "content-type": "application/json", ...wish.headers };
  return read(await http(gateway.url + path + query, { method: "POST", body: '{"a":1}', ...wish, headers }));
};

/** All that a source has stored, oldest first. */
export const storedOf = (gateway: TestGateway, { id }: RuledSource): Promise<readonly StoredEvent[]> =>
  select<StoredEvent>(
    gateway.core.store,
    `select e.*, length(p.body) as kept,
       (select count(*) from deliveries d where d.event_id = e.id) as deliveries
     from events e join payloads p on p.event_id = e.id where e.source_id = ${idLiteral(dashed(id))} order by e.id`,
  );

/** What the API says that a source has taken. */
export const countOf = async (gateway: TestGateway, { id }: RuledSource): Promise<number> =>
  Number((await gateway.request("GET", `/v1/sources/${id}`)).body.source.event_count);

/** The reasons for which a source refused requests, newest first. */
export const refusalsOf = async (gateway: TestGateway, { id }: RuledSource): Promise<readonly string[]> => {
  await gateway.gateway.refused.flush();
  const { body } = await gateway.request("GET", `/v1/sources/${id}/refused?limit=100`);
  const refused = body.refused as { reason: string; status: number }[];
  return refused.map(({ reason, status }) => `${reason} ${status}`);
};

/** Whether an answer says that its event repeats another. */
export const isDuplicate = ({ status, json }: Told): boolean =>
  status === 200 && typeof json === "object" && json !== null && "duplicate" in json;

const postOver = (agent: Agent, url: string, headers: Readonly<Record<string, string>>): Promise<Told> =>
  new Promise((resolve, reject) => {
    const outgoing = request(url, { method: "POST", agent, headers }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.once("end", () => {
        resolve(read({ status: incoming.statusCode!, headers: incoming.headers, body: Buffer.concat(chunks) }));
      });
    });
    outgoing.once("error", reject);
    outgoing.end("{}");
  });

/** Posts `{}` with these headers 200 times at once, over four connections, to the gateways in turn. */
export const flood = async (
  urls: readonly string[],
  { path }: Pick<RuledSource, "path">,
  headers: Readonly<Record<string, string>>,
): Promise<readonly Told[]> => {
  const agents = Array.from({ length: 4 }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
  try {
    return await Promise.all(
      Array.from({ length: 200 }, (_, at) =>
        postOver(agents[at % agents.length]!, urls[at % urls.length]! + path, headers),
      ),
    );
  } finally {
    for (const agent of agents) agent.destroy();
  }
};
