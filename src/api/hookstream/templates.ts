import { z } from "zod";

import { describeVerification } from "../../providers/describe-verification.ts";
import type { Preset, TextPlace } from "../../providers/preset.ts";
import { noFields } from "../fields.ts";
import { defineRoute, findNothing } from "./_define-route.ts";
import { placeFields } from "./_fields.ts";
import { templateOf } from "./_template.ts";
import type { HookstreamParts } from "./parts.ts";
import { answer, type Route } from "./route.ts";

/** What this route uses. */
export type TemplateParts = Pick<HookstreamParts, "choosePlace"> & {
  readonly routing: Pick<HookstreamParts["routing"], "catalog">;
};

const wireTemplate = z.object({
  slug: z.string().describe("What `template` of a new source takes."),
  name: z.string(),
  docs_url: z.string().describe("Where the sender documents its signature."),
  verification_type: z.string().nullable(),
  verification_header: z.string().nullable(),
  verification_config: z.string().nullable().describe("JSON."),
  event_type: z.string().nullable().describe("Where the event type is: `header:<name>` or `body:<path>`."),
  dedup_id: z
    .string()
    .nullable()
    .describe("Where the id is that `dedup_strategy` `provider_id` goes by. Null: nowhere."),
});

type WireTemplate = z.output<typeof wireTemplate>;

const toPlace = (place: TextPlace | null): string | null => {
  if (place === null) return null;
  return place.in === "header" ? `header:${place.name}` : `body:${place.path}`;
};

const toWireTemplate = (preset: Preset): WireTemplate => {
  const described = describeVerification(preset.verification);
  return {
    slug: templateOf(preset),
    name: preset.configurable === true ? "Custom" : preset.title,
    docs_url: preset.docsUrl,
    verification_type: described?.type ?? null,
    verification_header: described?.header ?? null,
    verification_config: described?.config ?? null,
    event_type: toPlace(preset.eventType),
    dedup_id: toPlace(preset.deliveryId),
  };
};

const example: WireTemplate = {
  slug: "github",
  name: "GitHub",
  docs_url: "https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries",
  verification_type: "hmac_sha256",
  verification_header: "x-hub-signature-256",
  verification_config: '{"encoding":"hex","prefix":"sha256=","signed":"{body}"}',
  event_type: "header:x-github-event",
  dedup_id: "header:x-github-delivery",
};

/** The route of templates: what a new source may name. */
export const templateRoutes = (parts: TemplateParts): readonly Route[] => {
  const templates = [...parts.routing.catalog.values()].map(toWireTemplate);
  return [
    defineRoute(parts, {
      method: "GET",
      path: "/sources/templates",
      scope: "webhooks:read",
      tag: "Sources",
      summary: "List templates",
      description: "A template says how a sender signs, and where its event types and ids are. `custom` says nothing.",
      params: noFields,
      query: z.object(placeFields),
      body: noFields,
      answers: {
        200: {
          description: "All of them.",
          body: z.object({ templates: z.array(wireTemplate) }),
          example: { templates: [example] },
        },
      },
      names: "Template",
      find: findNothing,
      handle: () => answer(200, { templates }),
    }),
  ];
};
