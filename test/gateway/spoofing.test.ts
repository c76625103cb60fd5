import fc from "fast-check";
import { expect, test } from "vitest";

import { startGateway } from "../support/gateway.ts";
import { makeDestination, makeSource, post, signedBy } from "../support/journey.ts";
import { startReceiver } from "../support/receiver.ts";

const secret = "a secret of the source";

/** Names by which a sender could pretend to be the gateway, a proxy, a user, or the connection itself. */
const spoofed: Readonly<Record<string, string>> = {
  "x-krafter-signature": "sha256=00",
  "x-krafter-event": "invoice.paid",
  "x-krafter-webhook-id": "spoofed",
  "x-krafter-delivery-id": "spoofed",
  "x-krafter-attempt": "99",
  "x-krafter-test": "true",
  "x-krafter-anything": "spoofed",
  "webhook-id": "spoofed",
  "webhook-timestamp": "1",
  "webhook-signature": "v1,spoofed",
  "x-original-webhook-id": "spoofed",
  "svix-id": "spoofed",
  "svix-signature": "v1,spoofed",
  "stripe-signature": "t=1,v1=spoofed",
  "x-shopify-hmac-sha256": "spoofed",
  "user-agent": "spoofed/1",
  authorization: "Bearer spoofed",
  "proxy-authorization": "Basic spoofed",
  "proxy-connection": "keep-alive",
  cookie: "session=spoofed",
  forwarded: "for=10.0.0.1",
  "x-forwarded-for": "10.0.0.1",
  "x-forwarded-host": "spoofed.example",
  "x-forwarded-proto": "https",
  "x-forwarded-prefix": "/spoofed",
  "x-real-ip": "10.0.0.1",
  te: "trailers",
  "x-original-url": "/spoofed",
  upgrade: "h2c",
  "keep-alive": "timeout=1",
  "x-amzn-trace-id": "spoofed",
  "x-user-id": "spoofed",
  "cf-connecting-ip": "10.0.0.1",
  "true-client-ip": "10.0.0.1",
  "x-http-method-override": "DELETE",
};

test("none of 30 and more spoofed headers reaches the receiver, and ours are ours", async () => {
  const gateway = await startGateway();
  await using receiver = await startReceiver();
  const source = await makeSource(gateway, { provider: "github", signing_secret: secret });
  await makeDestination(gateway, source, { url: receiver.url });
  const sent = await signedBy.github(secret, gateway.clock.nowMs());
  expect(Object.keys(spoofed).length).toBeGreaterThanOrEqual(30);

  await post(source, { headers: { ...sent.headers, ...spoofed }, body: sent.body });
  const { headers, rawHeaders } = await receiver.next();
  const leaked = Object.entries(spoofed).filter(([name, value]) => headers[name] === value);
  expect(leaked).toEqual([]);
  expect(rawHeaders.join("\n")).not.toContain("spoofed");
  expect(Object.keys(headers).toSorted()).toEqual([
    "connection",
    "content-length",
    "content-type",
    "host",
    "user-agent",
    "webhook-id",
    "webhook-signature",
    "webhook-timestamp",
    "x-github-delivery",
    "x-github-event",
    "x-hub-signature-256",
    "x-krafter-attempt",
    "x-krafter-delivery-id",
    "x-krafter-event",
    "x-krafter-signature",
    "x-krafter-webhook-id",
  ]);
  expect(headers["x-krafter-event"]).toBe("pull_request");
});

test("invariant 4: the bytes sent are the bytes forwarded, whatever they are", async () => {
  const gateway = await startGateway();
  await using receiver = await startReceiver();
  const source = await makeSource(gateway, { provider: "generic", require_signature: false });
  await makeDestination(gateway, source, { url: receiver.url, forward_headers: ["x-mark"] });
  let count = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 4096 }),
      fc.option(fc.stringMatching(/^[a-z]{1,10}\/[a-z+.-]{1,20}$/), { nil: "" }),
      async (body, type) => {
        count += 1;
        const mark = String(count);
        const headers: Record<string, string> = { "x-mark": mark, ...(type === "" ? {} : { "content-type": type }) };
        const answer = await post(source, { headers, body });
        expect(answer.status).toBe(200);
        const received = (await receiver.waitFor(count)).find((each) => each.headers["x-mark"] === mark)!;
        expect(Buffer.compare(received.body, body)).toBe(0);
        expect(received.headers["content-type"]).toBe(type === "" ? "application/json" : type);
      },
    ),
    {
      numRuns: 150,
      examples: [
        [new Uint8Array(0), ""],
        [Uint8Array.from([0xff, 0xfe, 0x00, 0xc3, 0x28]), "text/plain"],
      ],
    },
  );
});
