import * as fc from "fast-check";
import { expect, test } from "vitest";

import type { WireAnswer } from "../support/wire.ts";
import { converse, latin1 } from "./_dialogue.ts";
import { expectHealthy, illFormedTexts } from "./_health.ts";
import { piecesOf, type Sending, sendingTo } from "./_http-messages.ts";
import { type ReadRequest, readStrictly } from "./_http-reading.ts";
import { bodyBytesMax, type IngestStage, type Lane, openIngestStage } from "./_ingest-stage.ts";
import { time, tries } from "./_runs.ts";
import { bodyOf, readStoredSince, type StoredEvent } from "./_stored.ts";

/** Answered by 404 at once, and the connection ends: so much for what came before. */
const farewell = latin1("GET /in/ HTTP/1.1\r\nhost: farewell\r\n\r\n");

const pathOf = ({ target }: ReadRequest): string => target.replace(/[?#].*$/s, "");

/** What a request must be answered, or null where there is more than one right answer. */
const statusFor = (request: ReadRequest, slug: string): number | null => {
  if (request.isDoubtful) return null;
  const path = pathOf(request);
  if (!/^\/in(\/|$)/.test(path)) return null;
  if (path !== `/in/${slug}`) return 404;
  if (request.method !== "POST") return 405;
  return request.body.length > bodyBytesMax ? 413 : 200;
};

const isClosing = ({ headers }: WireAnswer): boolean => headers["connection"]?.toLowerCase() === "close";

const isProper = ({ status, headers }: WireAnswer): boolean =>
  (status < 500 || (status === 503 && headers["retry-after"] !== undefined)) && headers["x-request-id"] !== undefined;

/** The answer to a doubtful request may be out before the rest of it turns out to be none: then nothing more is said. */
const isCutShort = (request: ReadRequest | undefined): boolean => request?.isDoubtful === true;

/** Holds what was answered against what was sent. Gives the requests that must have been stored, in order. */
const judge = (bytes: Buffer, heard: Awaited<ReturnType<typeof converse>>, slug: string): readonly ReadRequest[] => {
  const { requests, end } = readStrictly(bytes);
  const { answers } = heard;
  // See `tail`: a byte that was spoilt may make one of those.
  if (!/^upgrade:/im.test(bytes.toString("latin1"))) expect(heard.end).not.toBe("silence");
  expect(answers.filter((answer) => !isProper(answer))).toEqual([]);
  const kept: ReadRequest[] = [];
  for (const [at, request] of requests.entries()) {
    const answer = answers[at];
    if (answer === undefined && isCutShort(requests[at - 1])) return kept;
    expect(answer).toBeDefined();
    const wanted = statusFor(request, slug);
    if (wanted !== null) expect(answer!.status).toBe(wanted);
    if (answer!.status === 200 && answer!.body === '{"ok":true}' && request.method === "POST") kept.push(request);
    if (!isClosing(answer!)) continue;
    expect(answers).toHaveLength(at + 1);
    return kept;
  }
  const [more, ...others] = answers.slice(requests.length);
  expect(others).toEqual([]);
  if (end === "broken") expect(heard.end).toBe("closed");
  // Of a request that never came whole, what came may be enough to answer it.
  if (end === "broken" && !isCutShort(requests.at(-1))) expect(more).toBeDefined();
  return kept;
};

const queryOf = ({ target }: ReadRequest): string =>
  target.includes("?") ? target.slice(target.indexOf("?") + 1) : "";

const expectSame = (event: StoredEvent, request: ReadRequest): void => {
  expect(illFormedTexts(event)).toEqual([]);
  expect(bodyOf(event).equals(request.body)).toBe(true);
  expect(event.headers).toEqual(request.headers);
  expect(event.method).toBe("POST");
  if (request.target.startsWith("/")) expect(event.query).toBe(queryOf(request));
};

/** Says it, hears what comes, and looks at what is there afterwards. */
const sendAndLook = async ({ gateway, port }: IngestStage, lane: Lane, sending: Sending): Promise<void> => {
  const bytes = Buffer.concat([sending.bytes, farewell]);
  const { requests, end } = readStrictly(bytes);
  const heard = await converse(port, {
    pieces: [...piecesOf(sending), farewell],
    isHead: (at) => requests[at]?.method === "HEAD",
    // Whoever has not sent all of its last request waits for nothing, and hangs up.
    answersWanted: end === "unfinished" ? requests.length : Infinity,
  });
  try {
    const kept = judge(bytes, heard, lane.source.slug);
    const stored = await readStoredSince(gateway, lane.source.id, lane.newestId);
    lane.newestId = stored.at(-1)?.id ?? lane.newestId;
    expect(stored.map(({ query }) => query)).toHaveLength(kept.length);
    for (const [at, event] of stored.entries()) expectSame(event, kept[at]!);
  } catch (cause) {
    const said = JSON.stringify(bytes.toString("latin1"));
    throw new Error(`${String(cause)}; heard ${JSON.stringify(heard)}; sent ${said}`, { cause });
  }
};

/** Everything that was stored can be found again. */
const expectFindable = async ({ gateway }: IngestStage, { source }: Lane): Promise<void> => {
  const path = `/webhooks/sources/${source.id}/events`;
  const stored = await readStoredSince(gateway, source.id);
  const types = new Set(stored.map((event) => event.event_type));
  for (const type of types) {
    if (type === null || type === "") continue;
    const found = await gateway.request("GET", `${path}?event_type=${encodeURIComponent(type)}`);
    expect([type, found.status]).toEqual([type, 200]);
    expect(found.body.meta.total).toBe(stored.filter((event) => event.event_type === type).length);
  }
  const texts = new Set(stored.filter((event) => event.body_encoding === "text").map(({ body }) => body.slice(0, 30)));
  for (const text of texts) {
    const q = text.toWellFormed();
    if (q === "" || q.includes("\0") || q !== text) continue;
    const found = await gateway.request("GET", `${path}?q=${encodeURIComponent(q)}&per_page=1`);
    expect([q, found.status, found.body.data.length]).toEqual([q, 200, 1]);
  }
};

test(
  "whatever is sent is answered properly; what is answered 200 is stored as it came, and nothing else is",
  time,
  async () => {
    const stage = await openIngestStage();
    const { gateway, lanes, controls } = stage;
    const sendings = fc.tuple(...lanes.map(({ source }) => sendingTo(source.slug)));
    await fc.assert(
      fc.asyncProperty(sendings, async (each) => {
        await Promise.all([
          ...each.map((sending, at) => sendAndLook(stage, lanes[at]!, sending)),
          controls.send(),
          controls.send(),
        ]);
      }),
      tries(25),
    );
    for (const lane of lanes) await expectFindable(stage, lane);
    await controls.expectWhole();
    await stage.expectDelivered();
    await expectHealthy(gateway);
    await stage.close();
  },
);
