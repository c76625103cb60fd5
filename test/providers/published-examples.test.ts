import { expect, test } from "vitest";

import type { Headers } from "../../src/lib/headers.ts";
import { verify } from "../../src/providers/verify.ts";
import { nowMs, shippedPreset } from "../support/presets.ts";

type Request = { headers: Headers; body: string };

const reasonOf = (
  provider: string,
  { headers, body }: Request,
  over: { secrets: readonly string[]; url?: string; nowMs?: number },
): string => verify(shippedPreset(provider).verification, { headers, body: Buffer.from(body), nowMs, ...over }).reason;

test("Twilio's example is valid", () => {
  // https://www.twilio.com/docs/usage/webhooks/webhooks-security
  const body = "Digits=1234&To=%2B18005551212&From=%2B14158675310&Caller=%2B14158675310&CallSid=CA1234567890ABCDE";
  const called = { url: "https://example.com/myapp.php?foo=1&bar=2", secrets: ["12345"] };
  const request = { headers: [["x-twilio-signature", "L/OH5YylLD5NRKLltdqwSvS0BnU="]] as const, body };
  expect(reasonOf("twilio", request, called)).toBe("ok");
  expect(reasonOf("twilio", request, { ...called, url: "https://example.com/myapp.php?foo=1" })).toBe("mismatch");
});

test("Twilio's example of before is valid", () => {
  const body = "CallSid=CA1234567890ABCDE&From=%2B12349013030&To=%2B18005551212&Caller=%2B12349013030&Digits=1234";
  const called = { url: "https://mycompany.com/myapp.php?foo=1&bar=2", secrets: ["12345"] };
  const request = { headers: [["x-twilio-signature", "0/KCTR6DLpKmkAf8muzZqo1nDgQ="]] as const, body };
  expect(reasonOf("twilio", request, called)).toBe("ok");
});

test("SendGrid's example is valid", () => {
  // https://github.com/sendgrid/sendgrid-nodejs/blob/main/packages/eventwebhook/src/eventwebhook.spec.js
  const key =
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==";
  const headers: Headers = [
    [
      "x-twilio-email-event-webhook-signature",
      "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=",
    ],
    ["x-twilio-email-event-webhook-timestamp", "1600112502"],
  ];
  const event = {
    email: "hello@world.com",
    event: "dropped",
    reason: "Bounced Address",
    sg_event_id: "ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA",
    sg_message_id: "LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",
    "smtp-id": "<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>",
    timestamp: 1_600_112_492,
  };
  const body = `${JSON.stringify([event])}\r\n`;
  expect(reasonOf("sendgrid", { headers, body }, { secrets: [key] })).toBe("ok");
  expect(reasonOf("sendgrid", { headers, body: body.trim() }, { secrets: [key] })).toBe("mismatch");
});

test("Square's example is valid", () => {
  // https://github.com/square/square-nodejs-sdk
  const body =
    '{"merchant_id":"MLEFBHHSJGVHD","type":"webhooks.test_notification","event_id":"ac3ac95b-f97d-458c-a6e6-18981597e05f","created_at":"2022-07-13T20:30:59.037339943Z","data":{"type":"webhooks","id":"bc368e64-01aa-407e-b46e-3231809b1129"}}';
  const headers: Headers = [["x-square-hmacsha256-signature", "GF4YkrJgGBDZ9NIYbNXBnMzqb2HoL4RW/S6vkZ9/2N4="]];
  const called = {
    url: "https://webhook.site/679a4f3a-dcfa-49ee-bac5-9d0edad886b9",
    secrets: ["Ibxx_5AKakO-3qeNVR61Dw"],
  };
  expect(reasonOf("square", { headers, body }, called)).toBe("ok");
});

test.for(["svix", "clerk", "resend"])("Svix's example, by which %s signs, is valid", (provider) => {
  // https://docs.svix.com/receiving/verifying-payloads/how-manual
  const request: Request = {
    headers: [
      ["svix-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"],
      ["svix-timestamp", "1614265330"],
      ["svix-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="],
    ],
    body: '{"test": 2432232314}',
  };
  const key = { secrets: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] };
  expect(reasonOf(provider, request, { ...key, nowMs: 1_614_265_330_000 })).toBe("ok");
  expect(reasonOf(provider, request, key)).toBe("stale");
});

test("GitHub's example is valid", () => {
  // https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation
  const mac = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
  const request: Request = { headers: [["x-hub-signature-256", `sha256=${mac}`]], body: "Hello, World!" };
  expect(reasonOf("github", request, { secrets: ["It's a Secret to Everybody"] })).toBe("ok");
});

test("the example of Standard Webhooks is valid", () => {
  // https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
  const request: Request = {
    headers: [
      ["webhook-id", "msg_loFOjxBNrRLzqYUf"],
      ["webhook-timestamp", "1731705121"],
      ["webhook-signature", "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0="],
    ],
    body: '{"event_type":"ping","data":{"success":true}}',
  };
  const over = { secrets: ["whsec_plJ3nmyCDGBKInavdOK15jsl"], nowMs: 1_731_705_121_000 };
  for (const provider of ["standard_webhooks", "svix"]) expect(reasonOf(provider, request, over)).toBe("ok");
});

test("Coinbase Commerce's example is valid", () => {
  // https://github.com/coinbase/coinbase-commerce-node/blob/master/test/webhook.spec.js
  const time = "2017-01-31T20:49:02Z";
  const body = JSON.stringify({
    id: 1,
    scheduled_for: "2017-01-31T20:50:02Z",
    attempt_number: 1,
    event: {
      id: "24934862-d980-46cb-9402-43c81b0cdba6",
      type: "charge:created",
      api_version: "2018-03-22",
      created_at: time,
      data: {
        code: "66BEOV2A",
        name: "The Sovereign Individual",
        description: "Mastering the Transition to the Information Age",
        hosted_url: "https://commerce.coinbase.com/charges/66BEOV2A",
        created_at: time,
        expires_at: "2017-01-31T21:04:02Z",
        timeline: [{ time, status: "NEW" }],
        metadata: {},
        pricing_type: "no_price",
        payments: [],
        addresses: {
          bitcoin: "0".repeat(34),
          ethereum: `0x${"0".repeat(40)}`,
          litecoin: `3${"0".repeat(33)}`,
          bitcoincash: `bitcoincash:${"0".repeat(42)}`,
        },
      },
    },
  });
  const mac = "8be7742c7d372f08a6a3224edadf18a22b65fa9e28f3f2de97376cdaa092590d";
  const request: Request = { headers: [["x-cc-webhook-signature", mac]], body };
  expect(reasonOf("coinbase_commerce", request, { secrets: ["30291a20-0bd1-4267-9b0f-e6e7b123c0bf"] })).toBe("ok");
});

test("PagerDuty's example is valid", () => {
  // https://github.com/PagerDuty/go-pagerduty/blob/main/webhookv3/webhookv3_test.go
  const place = (kind: string, id: string): object => ({
    html_url: `https://acme.pagerduty.com/${kind}/${id}`,
    id,
    self: `https://api.pagerduty.com/${kind}/${id}`,
  });
  const incident = "PGR0VU2";
  const body = JSON.stringify({
    event: {
      id: "01BWDWL3NYY7LUFPZCC28QUCMK",
      event_type: "incident.priority_updated",
      resource_type: "incident",
      occurred_at: "2021-04-26T17:36:27.458Z",
      agent: { ...place("users", "PLH1HKV"), summary: "Tenex Engineer", type: "user_reference" },
      client: null,
      data: {
        id: incident,
        type: "incident",
        self: `https://api.pagerduty.com/incidents/${incident}`,
        html_url: `https://acme.pagerduty.com/incidents/${incident}`,
        number: 2,
        status: "triggered",
        title: "A little bump in the road",
        service: { ...place("services", "PF9KMXH"), summary: "API Service", type: "service_reference" },
        assignees: [{ ...place("users", "PTUXL6G"), summary: "User 123", type: "user_reference" }],
        escalation_policy: {
          ...place("escalation_policies", "PUS0KTE"),
          summary: "Default",
          type: "escalation_policy_reference",
        },
        teams: [{ ...place("teams", "PFCVPS0"), summary: "Engineering", type: "team_reference" }],
        priority: {
          html_url: "https://acme.pagerduty.com/account/incident_priorities",
          id: "PSO75BM",
          self: "https://api.pagerduty.com/priorities/PSO75BM",
          summary: "P1",
          type: "priority_reference",
        },
        urgency: "high",
        conference_bridge: { conference_number: 1000, conference_url: "https://example.com" },
        resolve_reason: null,
      },
    },
  });
  const mac = "0c0b9495b893a39e70d1fea2fe11fbe0a825f88b9f67846f6cc07dd2bc5476cd";
  const request: Request = { headers: [["x-pagerduty-signature", `v1=${mac}`]], body };
  const secret = "lDQHScfUeXUKaQRNF+8XIiDKZ7XX3itBAYzwU0TARw8lJqRnkKl2iB1anSb0Z+IK";
  expect(reasonOf("pagerduty", request, { secrets: [secret] })).toBe("ok");
});
