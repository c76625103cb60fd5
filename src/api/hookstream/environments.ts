import { z } from "zod";

import type { Access } from "../../access/access.ts";
import type { EnvironmentChange, EnvironmentDeletion } from "../../access/change-environments.ts";
import { noFields, present, textField } from "../fields.ts";
import { defineRoute, findNothing } from "./_define-route.ts";
import { idField } from "./_fields.ts";
import { toWireEnvironment, wireEnvironment } from "./_people-wire.ts";
import type { HookstreamParts } from "./parts.ts";
import { answer, conflict, forbidden, invalidBody, notFound, type Outcome, type Route } from "./route.ts";

/** What these routes use. */
export type EnvironmentParts = Pick<HookstreamParts, "choosePlace"> & {
  readonly access: Pick<Access, "listEnvironments" | "createEnvironment" | "renameEnvironment" | "deleteEnvironment">;
};

const tag = "Environments";
const names = "Environment";
/** Longer than any name or slug that is taken. */
const textCharsMax = 1_000;

const org = { org_id: z.string().nullish().describe("Default: the organization of the key or session.") };
const fields = z.object({ ...org, name: textField(textCharsMax), slug: textField(textCharsMax) });
const changes = fields.partial();
const one = z.object({ environment: wireEnvironment });

const toOutcome = (change: EnvironmentChange, status: 200 | 201): Outcome => {
  switch (change.kind) {
    case "done":
      return answer(status, { environment: toWireEnvironment(change.environment) });
    case "invalid":
      return invalidBody(`'${change.field}' ${change.message}`);
    case "taken":
      return conflict(`Another environment has this ${change.field}`);
    case "limit_reached":
      return forbidden(`Plan limit reached: an organization has at most ${change.max} environments`);
    case "not_found":
      return notFound(names);
  }
};

const deletionOutcome = ({ kind }: EnvironmentDeletion): Outcome => {
  switch (kind) {
    case "deleted":
      return answer(200, { success: true });
    case "not_found":
      return notFound(names);
    case "default":
      return conflict("The default environment cannot be deleted");
    case "in_use":
      return conflict("The environment has sources or destinations: delete them first");
  }
};

const listAndCreate = (parts: EnvironmentParts): readonly Route[] => [
  defineRoute(parts, {
    method: "GET",
    path: "/environments",
    scope: "*",
    tag,
    summary: "List environments",
    params: noFields,
    query: z.object(org),
    body: noFields,
    answers: { 200: { description: "Oldest first.", body: z.object({ environments: z.array(wireEnvironment) }) } },
    names,
    find: findNothing,
    handle: async ({ owner }) => {
      const environments = await parts.access.listEnvironments(owner.teamId);
      return answer(200, { environments: environments.map(toWireEnvironment) });
    },
  }),
  defineRoute(parts, {
    method: "POST",
    path: "/environments",
    scope: "*",
    tag,
    summary: "Create an environment",
    description: "Its sources, destinations, connections, events and keys are its own.",
    params: noFields,
    query: noFields,
    body: fields,
    bodyExample: { name: "Staging", slug: "staging" },
    answers: { 201: { description: "The environment.", body: one } },
    refusals: { 409: "Another environment has this slug" },
    names,
    find: findNothing,
    handle: async ({ owner, body: { name, slug } }) =>
      toOutcome(await parts.access.createEnvironment(owner.teamId, { name, slug }), 201),
  }),
];

const changeAndDelete = (parts: EnvironmentParts): readonly Route[] => [
  defineRoute(parts, {
    method: "PATCH",
    path: "/environments/:id",
    scope: "*",
    tag,
    summary: "Rename an environment",
    params: z.object({ id: idField }),
    query: noFields,
    body: changes,
    bodyExample: { name: "Staging" },
    answers: { 200: { description: "The environment.", body: one } },
    refusals: { 409: "Another environment has this slug" },
    names,
    find: findNothing,
    handle: async ({ owner, params, body: { name, slug } }) => {
      const place = { teamId: owner.teamId, envId: params.id };
      return toOutcome(await parts.access.renameEnvironment(place, present({ name, slug })), 200);
    },
  }),
  defineRoute(parts, {
    method: "DELETE",
    path: "/environments/:id",
    scope: "*",
    tag,
    summary: "Delete an environment",
    description: "Only when nothing is left in it. Its keys are revoked.",
    params: z.object({ id: idField }),
    query: z.object(org),
    body: noFields,
    answers: { 200: { description: "It is deleted.", body: z.object({ success: z.literal(true) }) } },
    refusals: { 409: "The environment has sources or destinations: delete them first" },
    names,
    find: findNothing,
    handle: async ({ owner, params }) =>
      deletionOutcome(await parts.access.deleteEnvironment({ teamId: owner.teamId, envId: params.id })),
  }),
];

/** The routes of environments. */
export const environmentRoutes = (parts: EnvironmentParts): readonly Route[] => [
  ...listAndCreate(parts),
  ...changeAndDelete(parts),
];
