import type { Preset } from "../preset.ts";

/** A webhook with a secret token. One with a signing token follows Standard Webhooks: its source is `standard_webhooks`. */
export const preset: Preset = {
  name: "gitlab",
  title: "GitLab",
  docsUrl: "https://docs.gitlab.com/user/project/integrations/webhooks/",
  verification: { kind: "token", place: { in: "header", name: "x-gitlab-token" } },
  eventType: { in: "header", name: "x-gitlab-event" },
  deliveryId: { in: "header", name: "idempotency-key" },
  ownHeaders: [
    "idempotency-key",
    "x-gitlab-event",
    "x-gitlab-event-uuid",
    "x-gitlab-instance",
    "x-gitlab-webhook-uuid",
  ],
  handshake: null,
  sample: {
    headers: [
      ["content-type", "application/json"],
      ["idempotency-key", "f5e5f430-f57b-4e6e-9fac-d9128cd7232f"],
      ["x-gitlab-event", "Push Hook"],
      ["x-gitlab-event-uuid", "13792a34-cac6-4fda-95a8-c58e00a3954e"],
      ["x-gitlab-instance", "https://gitlab.example.com"],
      ["x-gitlab-webhook-uuid", "1e2f3a4b-5c6d-4e7f-8a9b-0c1d2e3f4a5b"],
    ],
    body: JSON.stringify({
      object_kind: "push",
      event_name: "push",
      ref: "refs/heads/main",
      project_id: 15,
      user_username: "jsmith",
    }),
    eventType: "Push Hook",
    deliveryId: "f5e5f430-f57b-4e6e-9fac-d9128cd7232f",
  },
};
