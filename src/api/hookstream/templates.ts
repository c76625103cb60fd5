import { z } from "zod";

import type { Preset } from "../../providers/preset.ts";
import { noFields } from "../fields.ts";
import { defineRoute, findNothing } from "./_define-route.ts";
import { placeFields } from "./_fields.ts";
import type { HookstreamParts } from "./parts.ts";
import { answer, type Route } from "./route.ts";

/** What this route uses. */
export type TemplateParts = Pick<HookstreamParts, "choosePlace"> & {
  readonly routing: Pick<HookstreamParts["routing"], "catalog">;
};

const wireTemplate = z.object({ slug: z.string(), name: z.string() });

const toWireTemplate = ({ name, title }: Preset): z.output<typeof wireTemplate> => ({ slug: name, name: title });

/** The route of templates: what a new source may name. */
export const templateRoutes = (parts: TemplateParts): readonly Route[] => [
  defineRoute(parts, {
    method: "GET",
    path: "/sources/templates",
    scope: "webhooks:read",
    tag: "Sources",
    summary: "List templates",
    params: noFields,
    query: z.object(placeFields),
    body: noFields,
    answers: {
      200: { description: "All of them.", body: z.object({ templates: z.array(wireTemplate) }) },
    },
    names: "Template",
    find: findNothing,
    handle: () => answer(200, { templates: [...parts.routing.catalog.values()].map(toWireTemplate) }),
  }),
];
