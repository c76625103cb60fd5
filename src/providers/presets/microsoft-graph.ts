import type { Preset } from "../preset.ts";

/**
 * Microsoft Graph signs nothing that a secret alone would verify. Its `clientState` would be stored and forwarded with each
 * body, so the secret stands in the URL that it is given: `?token=`.
 */
export const preset: Preset = {
  name: "microsoft_graph",
  title: "Microsoft Graph",
  docsUrl: "https://learn.microsoft.com/graph/change-notifications-delivery-webhooks",
  verification: { kind: "token", place: { in: "query", name: "token" } },
  // One request holds changes of several kinds.
  eventType: null,
  deliveryId: null,
  ownHeaders: [],
  // What is echoed is a sentence with a request's id in it.
  handshake: { kind: "query_challenge", method: "POST", parameter: "validationToken", allows: "sentences" },
  sample: {
    headers: [["content-type", "application/json"]],
    body: JSON.stringify({
      value: [
        {
          subscriptionId: "7f105c7d-2dc5-4530-97cd-4e7ae6534c07",
          subscriptionExpirationDateTime: "2025-11-04T18:00:00.000Z",
          changeType: "created",
          resource: "me/messages/AAMkAGUwNjQ4ZjIxLTQ3Y2YtNDViMi1iZjc4LTMxAAA=",
          tenantId: "84bd8158-6d4d-4958-8b9f-9d6445542f95",
        },
      ],
    }),
    eventType: null,
    deliveryId: null,
  },
};
