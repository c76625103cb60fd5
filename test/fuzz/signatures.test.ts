import * as fc from "fast-check";
import { expect, test } from "vitest";

import type { Preset } from "../../src/providers/preset.ts";
import { type SampleRequest, signSample } from "../../src/providers/sign.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { makeSource, type MadeSource } from "../support/journey.ts";
import { senderKey, settingsOf, shippedPresets, sourceSecret } from "../support/presets.ts";
import { converse, latin1 } from "./_dialogue.ts";
import { expectHealthy, illFormedTexts } from "./_health.ts";
import { time, tries } from "./_runs.ts";
import { forgingOf, isStillGenuine } from "./_signatures.ts";
import { bodyOf, readStoredSince, type StoredEvent } from "./_stored.ts";

const secret = "the source's secret";
/** A source keeps a thousand events without a valid signature in an hour. */
const triesPerHour = 900;

const open = async (gateway: TestGateway, preset: Preset): Promise<MadeSource> => {
  const provider = preset.name;
  const { signingHeader, eventTypeSource, eventTypePath } = settingsOf(provider);
  return makeSource(gateway, {
    provider,
    signing_secret: sourceSecret(preset, secret),
    ...(provider === "generic"
      ? { signing_header: signingHeader, event_type_source: eventTypeSource, event_type_path: eventTypePath }
      : {}),
  });
};

/** What a request is once it came over the wire. Null: it cannot be written. */
const overTheWire = (request: SampleRequest): SampleRequest | null => {
  if (request.headers.some(([, value]) => /[^\t\x20-\x7e\x80-\xff]/.test(value))) return null;
  const headers = request.headers.map(([name, value]) => [name, value.replaceAll(/^[\t ]+|[\t ]+$/g, "")] as const);
  return { ...request, headers };
};

const post = async (
  port: number,
  slug: string,
  { headers, query, body }: SampleRequest,
): Promise<number | undefined> => {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const head = `POST /in/${slug}${query === "" ? "" : `?${query}`} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${lines}content-length: ${body.length}\r\n\r\n`;
  const { answers } = await converse(port, { pieces: [latin1(head), body] });
  return answers[0]?.status;
};

/** A source of a preset: how its sender signs, what is posted to it, and how that was stored. */
const openSender = async (gateway: TestGateway, preset: Preset) => {
  const port = Number(new URL(gateway.url).port);
  const source = await open(gateway, preset);
  const shown = await gateway.request("GET", `/webhooks/sources/${source.id}`);
  const url: string = shown.body.data.url;
  const sign = (): SampleRequest =>
    signSample(preset, { secret: senderKey(preset, secret), nowMs: gateway.clock.nowMs(), url });
  let newestId = "";
  const send = async (request: SampleRequest): Promise<StoredEvent> => {
    expect(await post(port, source.slug, request)).toBe(200);
    const [stored, ...others] = await readStoredSince(gateway, source.id, newestId);
    expect([stored === undefined, others]).toEqual([false, []]);
    expect(illFormedTexts(stored)).toEqual([]);
    expect(bodyOf(stored!).equals(request.body)).toBe(true);
    newestId = stored!.id;
    return stored!;
  };
  return { sign, send };
};

test("what is forged of a signed request is stored, and never as valid", time, async () => {
  const gateway = await startGateway();
  const senders = await Promise.all(shippedPresets.map((preset) => openSender(gateway, preset)));
  let tried = 0;
  await fc.assert(
    fc.asyncProperty(fc.tuple(...shippedPresets.map(forgingOf)), async (forgings) => {
      await Promise.all(
        shippedPresets.map(async (preset, at) => {
          const { sign, send } = senders[at]!;
          const genuine = sign();
          const forged = overTheWire(forgings[at]!(genuine));
          if (forged === null) return;
          const stored = await send(forged);
          if (stored.signature_valid) expect(isStillGenuine(preset, genuine, forged)).toBe(true);
        }),
      );
      tried += 1;
      if (tried % triesPerHour === 0) gateway.clock.advance(3_600_000);
    }),
    tries(10),
  );
  for (const [at, preset] of shippedPresets.entries()) {
    const event = { event_type: preset.sample.eventType, signature_valid: true, signature_reason: "ok" };
    expect(await senders[at]!.send(senders[at]!.sign())).toMatchObject(event);
  }
  await expectHealthy(gateway);
});
