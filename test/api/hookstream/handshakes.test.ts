import { createHmac } from "node:crypto";

import { expect, test } from "vitest";

import type { Headers } from "../../../src/lib/headers.ts";
import { startGateway } from "../../support/gateway.ts";
import { shippedPreset, shippedPresets } from "../../support/presets.ts";
import { changeProof, forge, openKrafterSender, openSender, secret } from "./_sender.ts";

const text = "text/plain; charset=utf-8";
const token = "qgg8vlvZRS6UYooatFL8Aw";
const hmacOf = (encoding: "hex" | "base64"): string => createHmac("sha256", secret).update(token).digest(encoding);

type Asking = { method?: string; query?: string; headers?: Headers; body?: object | string };
type Answered = { status: number; text: string; header?: readonly [name: string, value: string] };

const zoomQuestion = { event: "endpoint.url_validation", payload: { plainToken: token } };

const handshakes: readonly [provider: string, asking: Asking, answered: Answered][] = [
  [
    "asana",
    { headers: [["x-hook-secret", token]], body: {} },
    { status: 200, text: "", header: ["x-hook-secret", token] },
  ],
  ["discord", { body: { version: 1, application_id: "1", type: 0 } }, { status: 204, text: "" }],
  [
    "dropbox",
    { method: "GET", query: `challenge=${token}` },
    { status: 200, text: token, header: ["content-type", text] },
  ],
  ["intercom", { method: "HEAD" }, { status: 200, text: "" }],
  ["trello", { method: "HEAD" }, { status: 200, text: "" }],
  ...["meta", "whatsapp"].map((provider): [string, Asking, Answered] => [
    provider,
    { method: "GET", query: `hub.mode=subscribe&hub.challenge=${token}&hub.verify_token=x` },
    { status: 200, text: token, header: ["content-type", text] },
  ]),
  [
    "microsoft_graph",
    { query: "validationToken=Validation%3a+Request-Id%3a+522a8e7e" },
    { status: 200, text: "Validation: Request-Id: 522a8e7e", header: ["content-type", text] },
  ],
  [
    "okta",
    { method: "GET", headers: [["x-okta-verification-challenge", token]] },
    { status: 200, text: JSON.stringify({ verification: token }), header: ["content-type", "application/json"] },
  ],
  [
    "slack",
    { body: { type: "url_verification", token: "x", challenge: token } },
    { status: 200, text: token, header: ["content-type", text] },
  ],
  ["woocommerce", { body: "webhook_id=12" }, { status: 200, text: "" }],
  [
    "x",
    { method: "GET", query: `crc_token=${token}` },
    { status: 200, text: JSON.stringify({ response_token: `sha256=${hmacOf("base64")}` }) },
  ],
  [
    "zoom",
    { body: zoomQuestion },
    { status: 200, text: JSON.stringify({ plainToken: token, encryptedToken: hmacOf("hex") }) },
  ],
];

test("every handshake that a preset knows is tried here", () => {
  const known = shippedPresets.filter(({ handshake }) => handshake !== null).map(({ name }) => name);
  expect(handshakes.map(([provider]) => provider).toSorted()).toEqual(known.toSorted());
});

test.for([
  ["/v1/ingest", openSender],
  ["/in", openKrafterSender],
] as const)("handshakes are answered at the edge of %s, and not stored", async ([, open]) => {
  const gateway = await startGateway();
  for (const [provider, { method = "POST", query = "", headers = [], body }, answered] of handshakes) {
    const preset = shippedPreset(provider);
    const sender = await open(gateway, preset);
    const bytes = body === undefined ? undefined : Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
    const isSigned = preset.handshake?.kind === "ping" || preset.handshake?.kind === "hmac_challenge";
    const proof = isSigned ? sender.sign(0, bytes).headers : [];
    const request = { headers: [...headers, ...proof], query, ...(bytes === undefined ? {} : { body: bytes }) };
    const answer = await sender.send(request, method);
    expect([provider, answer.status, answer.text]).toEqual([provider, answered.status, answered.text]);
    if (answered.header !== undefined) expect(answer.headers[answered.header[0]]).toBe(answered.header[1]);
    expect(answer.headers["x-content-type-options"]).toBe("nosniff");
    expect(answer.headers["content-security-policy"]).toContain("sandbox");
    expect(await sender.stored()).toEqual([]);
  }
});

test("a handshake that the sender signs is 401 when it is not", async () => {
  const gateway = await startGateway();
  for (const [provider, question] of [
    ["discord", { version: 1, application_id: "1", type: 0 }],
    ["zoom", zoomQuestion],
  ] as const) {
    const sender = await openSender(gateway, shippedPreset(provider));
    const body = Buffer.from(JSON.stringify(question));
    const forged = changeProof(shippedPreset(provider), sender.sign(0, body), forge);
    expect((await sender.send(forged)).status).toBe(401);
    expect((await sender.send({ body })).status).toBe(401);
  }
});
