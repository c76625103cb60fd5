import type { Preset } from "../preset.ts";

/** The authentication field of the hook is `Authorization`, and its secret the whole value of that header. */
export const preset: Preset = {
  name: "okta",
  title: "Okta",
  docsUrl: "https://developer.okta.com/docs/concepts/event-hooks/",
  verification: { kind: "token", place: { in: "header", name: "authorization" } },
  // One request holds events of several kinds.
  eventType: { in: "body", path: "eventType" },
  deliveryId: { in: "body", path: "eventId" },
  ownHeaders: [],
  handshake: { kind: "header_challenge", header: "x-okta-verification-challenge", answerKey: "verification" },
  sample: {
    headers: [["content-type", "application/json"]],
    body: JSON.stringify({
      eventType: "com.okta.event_hook",
      eventTypeVersion: "1.0",
      cloudEventsVersion: "0.1",
      source: "https://example.okta.com/api/v1/eventHooks/who8vt36qfNpCGz9H1e6",
      eventId: "b5a188b9-5ece-4636-b041-482ffda96311",
      data: { events: [{ eventType: "user.lifecycle.create" }] },
    }),
    eventType: "com.okta.event_hook",
    deliveryId: "b5a188b9-5ece-4636-b041-482ffda96311",
  },
};
