import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { createSystemRandom } from "../../src/lib/random.ts";
import { settleTransform } from "../../src/routing/decide-connection.ts";
import { changeDestination, destinationSecretChange } from "../../src/routing/decide-destination.ts";
import { changeSource, secretChangeOf, settleSource, type SourceChanges } from "../../src/routing/decide-source.ts";
import { closedCircuit, type Destination, plainDestination } from "../../src/routing/destination.ts";
import { newIngestSlug } from "../../src/routing/slug.ts";
import type { Source } from "../../src/routing/source.ts";
import { destinationDraft, scope, sourceDraft } from "../support/routing.ts";

const leavesToSource = (provider: string): boolean => provider === "generic";

const { signingSecret: _secret, ...settings } = sourceDraft({
  signingAlgorithm: "sha1",
  signingHeader: "X-Sig",
  eventTypeSource: "body",
  eventTypePath: "type",
});

const source: Source = {
  ...settings,
  ...scope,
  id: "019dc7f1-0000-7000-8000-000000000003",
  ingestSlug: "wh_aaaaaaaa",
  slug: "s",
  signingSecretSet: false,
  createdAtMs: 0,
  updatedAtMs: 0,
};

const unconfigured = { signingAlgorithm: null, signingHeader: null, eventTypeSource: null, eventTypePath: null };
const configured = { signingAlgorithm: "sha1", signingHeader: "X-Sig", eventTypeSource: "body", eventTypePath: "type" };

describe("a source's settings", () => {
  test.for([
    [{}, configured],
    [{ name: "y" }, { ...configured, name: "y" }],
    [{ provider: "generic" }, configured],
    [{ provider: "stripe" }, { ...unconfigured, provider: "stripe" }],
    [
      { provider: "stripe", signingHeader: "X" },
      { ...unconfigured, provider: "stripe" },
    ],
    [{ signingHeader: null }, { ...configured, signingHeader: null }],
    [{ signingHeader: "X-New" }, { ...configured, signingHeader: "X-New" }],
    [{ signingSecret: "s", rotateImmediately: true }, configured],
  ] as readonly (readonly [SourceChanges, object])[])("after %j are %j", ([changes, expected]) => {
    const changed = changeSource(source, changes, leavesToSource);
    expect(changed).toEqual({ ...source, ...expected });
  });

  test("of a provider that has its own are none, whatever was set before", () => {
    const { kind: _, ...others } = source;
    expect(settleSource({ ...others, provider: "github" }, leavesToSource)).toMatchObject(unconfigured);
    const stripe: Source = { ...source, ...unconfigured, provider: "stripe" };
    expect(changeSource(stripe, { provider: "generic", eventTypePath: "t" }, leavesToSource)).toEqual({
      ...stripe,
      provider: "generic",
      eventTypePath: "t",
    });
  });
});

test.for([
  [{}, { kind: "keep" }],
  [{ rotateImmediately: false }, { kind: "keep" }],
  [{ rotateImmediately: true }, { kind: "drop_previous" }],
  [{ signingSecret: "s" }, { kind: "set", secret: "s", atOnce: false }],
  [
    { signingSecret: "s", rotateImmediately: true },
    { kind: "set", secret: "s", atOnce: true },
  ],
  [{ signingSecret: null }, { kind: "drop_all" }],
  [{ signingSecret: null, rotateImmediately: true }, { kind: "drop_all" }],
] as const)("for a source's secrets, %j means %j", ([changes, change]) => {
  expect(secretChangeOf(changes)).toEqual(change);
});

test.for([
  [{}, { kind: "keep" }],
  [{ secret: "s" }, { kind: "set", secret: "s", atOnce: false }],
  [{ secret: null }, { kind: "drop_all" }],
] as const)("for a destination's secrets, %j means %j", ([changes, change]) => {
  expect(destinationSecretChange(changes)).toEqual(change);
});

const { secret: _s, eventFilter: _f, ...ofDestination } = destinationDraft();

const destination: Destination = {
  ...plainDestination,
  ...closedCircuit,
  ...ofDestination,
  ...scope,
  id: "019dc7f1-0000-7000-8000-000000000004",
  slug: "destination",
  authType: "none",
  ownerSourceId: source.id,
  disabledReason: null,
  enabling: 3,
  failureCount: 7,
  createdAtMs: 0,
  updatedAtMs: 0,
};
const off: Destination = { ...destination, enabled: false, disabledReason: "failures", enabling: 4, failureCount: 10 };

const fixed: Destination = {
  ...destination,
  retry: { enabled: false, backoff: "fixed", intervalsSeconds: [5], retriesMax: 3 },
};
const tripped: Destination = {
  ...destination,
  circuit: { enabled: true, threshold: 5, resetMs: 60_000 },
  circuitFailures: 5,
  circuitOpenedAtMs: 1_000,
};

describe("a destination", () => {
  test.for([
    [destination, { enabled: false }, { enabled: false, disabledReason: "manual", enabling: 4, failureCount: 7 }],
    [destination, { enabled: true }, { enabled: true, disabledReason: null, enabling: 3, failureCount: 7 }],
    [off, { enabled: true }, { enabled: true, disabledReason: null, enabling: 4, failureCount: 10 }],
    [off, { enabled: false }, { enabled: false, disabledReason: "failures", enabling: 4, failureCount: 10 }],
    [off, { url: "https://b/" }, { url: "https://b/", enabled: false, disabledReason: "failures", enabling: 4 }],
    [destination, { rateLimit: 5 }, { rateLimit: 5, ratePeriod: "second" }],
    [destination, { ratePeriod: "hour" }, { rateLimit: null, ratePeriod: null }],
    [{ ...destination, rateLimit: 5, ratePeriod: "hour" }, { rateLimit: 6 }, { rateLimit: 6, ratePeriod: "hour" }],
    [{ ...destination, rateLimit: 5, ratePeriod: "hour" }, { rateLimit: null }, { rateLimit: null, ratePeriod: null }],
    [
      { ...destination, rateLimit: 5, ratePeriod: "hour" },
      { ratePeriod: null },
      { rateLimit: 5, ratePeriod: "second" },
    ],
    [destination, { circuit: { threshold: 2 } }, { circuit: { ...destination.circuit, threshold: 2 } }],
    [tripped, { circuit: { resetMs: 9_000 } }, { circuit: { ...tripped.circuit, resetMs: 9_000 } }],
    [tripped, { circuit: { enabled: false } }, { circuit: { ...tripped.circuit, enabled: false }, ...closedCircuit }],
    [fixed, { retry: { ...fixed.retry, retriesMax: 2 } }, { retry: { ...fixed.retry, retriesMax: 2 } }],
    [fixed, { timeoutMs: 5 }, { timeoutMs: 5 }],
    [
      fixed,
      { retryScheduleSeconds: [1] },
      { retryScheduleSeconds: [1], retry: { ...fixed.retry, enabled: true, backoff: "schedule", retriesMax: null } },
    ],
    [
      fixed,
      { retryScheduleSeconds: null },
      { retry: { ...fixed.retry, enabled: true, backoff: "schedule", retriesMax: null } },
    ],
  ] as const)("%# after a change is what was asked, and nothing else", ([before, changes, expected]) => {
    expect(changeDestination(before, changes)).toEqual({ ...before, ...expected });
  });

  test("is switched off once for each time that it was on, whatever people do", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 30 }), (switches) => {
        let now = destination;
        let wentOff = 0;
        for (const enabled of switches) {
          if (now.enabled && !enabled) wentOff += 1;
          now = changeDestination(now, { enabled });
          expect(now.enabled).toBe(enabled);
          expect(now.disabledReason).toBe(enabled ? null : "manual");
        }
        expect(now.enabling).toBe(destination.enabling + wentOff);
      }),
    );
  });
});

describe("what is said of a transform", () => {
  const none = { transformEnabled: false, transformExpression: null };
  const on = { transformEnabled: true, transformExpression: "$" };
  const switchedOff = { ...on, transformEnabled: false };

  test.for([
    [on, {}, {}],
    [none, { expression: "$" }, on],
    [none, { expression: "$", enabled: false }, { ...on, transformEnabled: false }],
    [none, { enabled: true }, null],
    [none, { expression: "" }, {}],
    [on, { expression: null }, none],
    [on, { expression: null, enabled: true }, null],
    // What is not new is not written again: meanwhile another may have taken its place.
    [on, { enabled: false }, { transformEnabled: false }],
    [switchedOff, { enabled: true }, { transformEnabled: true }],
    [switchedOff, { expression: "$" }, {}],
    [switchedOff, { expression: "$", enabled: true }, { transformEnabled: true }],
    [switchedOff, { enabled: null }, {}],
  ] as const)("%j: %j comes to %j", ([now, wish, changes]) => {
    expect(settleTransform(wish, now)).toEqual(changes);
  });
});

test("slugs are wh_ and 8 url-safe characters", () => {
  const random = createSystemRandom();
  for (let made = 0; made < 200; made += 1) expect(newIngestSlug(random)).toMatch(/^wh_[A-Za-z0-9_-]{8}$/);
});
