import { createHmac } from "node:crypto";
import { request } from "node:http";

import { expect, test } from "vitest";

import { http } from "../../harness/http.ts";
import { startGateway } from "../support/gateway.ts";
import {
  eventually,
  listEvents,
  type MadeSource,
  makeDestination,
  makeSource,
  post,
  type Sent,
  showEvent,
  signedBy,
} from "../support/journey.ts";
import { startReceiver } from "../support/receiver.ts";

const secret = "whsec_the_real_one";

const mac = (algorithm: string, key: string, text: string): string =>
  createHmac(algorithm, key).update(text).digest("hex");

const withSignature = (sent: Sent, signature: string): Sent => ({
  ...sent,
  headers: { ...sent.headers, "stripe-signature": signature },
});

/** Each takes a genuine event and makes a forgery of it, with the reason that is to be stored. */
const forgeries: readonly [name: string, reason: string, forge: (sent: Sent, atSeconds: number) => Sent][] = [
  [
    "a wrong secret",
    "mismatch",
    (sent, at) => withSignature(sent, `t=${at},v1=${mac("sha256", "whsec_other", `${at}.${sent.body}`)}`),
  ],
  ["a truncated MAC", "malformed", (sent) => withSignature(sent, sent.headers["stripe-signature"]!.slice(0, -2))],
  ["an extended MAC", "malformed", (sent) => withSignature(sent, `${sent.headers["stripe-signature"]}00`)],
  ["another body", "mismatch", (sent) => ({ ...sent, body: sent.body.replace("evt_1", "evt_2") })],
  [
    "a stale timestamp",
    "stale",
    (sent, at) => withSignature(sent, `t=${at - 301},v1=${mac("sha256", secret, `${at - 301}.${sent.body}`)}`),
  ],
  [
    "a changed timestamp",
    "mismatch",
    (sent, at) => withSignature(sent, sent.headers["stripe-signature"]!.replace(`t=${at}`, `t=${at + 1}`)),
  ],
  [
    "another algorithm",
    "malformed",
    (sent, at) => withSignature(sent, `t=${at},v1=${mac("sha1", secret, `${at}.${sent.body}`)}`),
  ],
  [
    "another version",
    "malformed",
    (sent) => withSignature(sent, sent.headers["stripe-signature"]!.replace("v1=", "v0=")),
  ],
  ["an empty header", "missing_header", (sent) => withSignature(sent, "")],
  [
    "upper case",
    "malformed",
    (sent) =>
      withSignature(
        sent,
        sent.headers["stripe-signature"]!.replace(/v1=.*/, (text) => `v1=${text.slice(3).toUpperCase()}`),
      ),
  ],
  ["no header", "missing_header", ({ body }) => ({ headers: { "content-type": "application/json" }, body })],
  [
    "another source's signature",
    "mismatch",
    (sent, at) => withSignature(sent, `t=${at},v1=${mac("sha256", "whsec_of_another_source", `${at}.${sent.body}`)}`),
  ],
];

const withoutVarying = ({ status, headers, body }: Awaited<ReturnType<typeof http>>): object => {
  const { date: _date, "x-request-id": _id, ...rest } = headers;
  return { status, body: body.toString(), headers: rest };
};

test("forgeries are stored as invalid with their reason, never forwarded, never replayable, and answered like a good one", async () => {
  const gateway = await startGateway();
  await using receiver = await startReceiver();
  const source = await makeSource(gateway, { provider: "stripe", signing_secret: secret });
  const destination = await makeDestination(gateway, source, { url: receiver.url });
  const nowMs = gateway.clock.nowMs();
  const genuine = await signedBy.stripe(secret, nowMs);
  const good = withoutVarying(await post(source, genuine));

  for (const [, , forge] of forgeries) {
    const answer = await post(source, forge(genuine, Math.floor(nowMs / 1000)));
    expect(withoutVarying(answer)).toEqual(good);
  }
  const twice = await postTwice(source, genuine);
  expect(withoutVarying(twice)).toEqual(good);

  await gateway.core.store.settled();
  const events = (await listEvents(gateway, source)).toReversed();
  expect(events).toHaveLength(forgeries.length + 2);
  const reasons: [string, string][] = [];
  for (const [index, { id, signature_valid }] of events.slice(1).entries()) {
    expect(signature_valid).toBe(false);
    const { signature_reason, deliveries } = await showEvent(gateway, source, id);
    expect(deliveries).toEqual([]);
    reasons.push([forgeries[index]?.[0] ?? "two headers", signature_reason]);
    for (const body of [undefined, { destination_ids: [destination.id] }]) {
      const replay = await gateway.request("POST", `/webhooks/sources/${source.id}/events/${id}/replay`, body);
      expect([replay.status, replay.body]).toEqual([
        422,
        { error: "Cannot replay an event with an invalid signature" },
      ]);
    }
  }
  expect(reasons).toEqual([...forgeries.map(([name, reason]) => [name, reason]), ["two headers", "malformed"]]);
  expect(receiver.requests.length).toBe(1);
});

/** A header that is there twice: a proxy may read the one, and the gateway the other. */
const postTwice = ({ url }: MadeSource, { headers, body }: Sent): ReturnType<typeof http> =>
  http(url, {
    method: "POST",
    headers: { ...headers, "stripe-signature": [headers["stripe-signature"]!, headers["stripe-signature"]!] },
    body,
  });

test("what was stored as invalid because the secret was mis-pasted becomes replayable when the secret is mended", async () => {
  const gateway = await startGateway();
  await using receiver = await startReceiver();
  const source = await makeSource(gateway, { provider: "stripe", signing_secret: `${secret}x` });
  const destination = await makeDestination(gateway, source, { url: receiver.url });
  const sent = await signedBy.stripe(secret, gateway.clock.nowMs());
  await post(source, sent);
  const [event] = await listEvents(gateway, source);
  const replayPath = `/webhooks/sources/${source.id}/events/${event!.id}/replay`;
  expect((await gateway.request("POST", replayPath)).status).toBe(422);

  await gateway.request("PATCH", `/webhooks/sources/${source.id}`, { signing_secret: secret });
  // Verified as of its receipt: an hour later its own timestamp is long stale.
  gateway.clock.advance(3_600_000);
  const replay = await gateway.request("POST", replayPath);
  expect([replay.status, replay.body]).toEqual([
    202,
    { data: { replayed_to: 1, queued_destination_ids: [destination.id] } },
  ]);
  expect((await receiver.next()).body.toString()).toBe(sent.body);
  const mended = await showEvent(gateway, source, event!.id);
  expect([mended.signature_valid, mended.signature_reason]).toEqual([true, "ok"]);
});

test("a body that is still arriving when its secret is dropped is judged by the secret that is then", async () => {
  const gateway = await startGateway();
  const source = await makeSource(gateway, { provider: "github", signing_secret: "old" });
  const sent = await signedBy.github("old", gateway.clock.nowMs());
  const body = Buffer.from(sent.body);
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  const outgoing = request(source.url, { method: "POST", headers: { ...sent.headers, "content-length": body.length } });
  outgoing.once("response", (answer) => {
    answer.resume();
    resolve(answer.statusCode);
  });
  outgoing.once("error", reject);
  outgoing.write(body.subarray(0, 1));
  await eventually(
    async () => gateway.gateway.budget.usedBytes,
    (usedBytes) => usedBytes === 1,
  );
  const change = { signing_secret: "new", rotate_immediately: true };
  expect((await gateway.request("PATCH", `/webhooks/sources/${source.id}`, change)).status).toBe(200);
  outgoing.end(body.subarray(1));
  expect(await promise).toBe(200);
  const [event] = await listEvents(gateway, source);
  expect(event!.signature_valid).toBe(false);
});
