import { z } from "zod";

import type { Access } from "../../access/access.ts";
import type { KeyCreation } from "../../access/create-key.ts";
import { nameRule } from "../../access/names.ts";
import { instantField, noFields, textField } from "../fields.ts";
import { defineRoute, findNothing } from "./_define-route.ts";
import { idField, placeFields } from "./_fields.ts";
import { toWireKey, toWireNewKey, wireKey, wireNewKey } from "./_people-wire.ts";
import type { HookstreamParts } from "./parts.ts";
import { answer, forbidden, invalidBody, notFound, type Outcome, type Route } from "./route.ts";

/** What these routes use. */
export type ApiKeyParts = Pick<HookstreamParts, "choosePlace"> & {
  readonly access: Pick<Access, "createKey" | "listKeys" | "revokeKey">;
};

const tag = "API keys";
/** Longer than any name that is taken. */
const textCharsMax = 1_000;
/** There are fewer scopes. */
const scopesMax = 20;

const scopesField = z
  .union(
    [
      textField(textCharsMax).transform((text) => text.split(/[\s,]+/)),
      z.array(textField(textCharsMax)).max(scopesMax),
    ],
    {
      error: "must be a string or an array of strings",
    },
  )
  .transform((names) => names.filter((name) => name !== ""));

const newKey = z.object({
  ...placeFields,
  name: textField(textCharsMax),
  scopes: scopesField.nullish().describe("A list, or a text with commas or spaces. Default: `*`, everything."),
  mode: z.enum(["live", "test"]).default("live").describe("What the key begins with: `hs_live_` or `hs_test_`."),
  expires_at: instantField.nullish().describe("Default: never."),
});

/** What is wrong, in the words of this API. */
const problemOf = ({ field, message }: Extract<KeyCreation, { kind: "invalid" }>): string => {
  switch (field) {
    case "name":
      return `'name' ${nameRule}`;
    case "expiresAt":
      return "'expires_at' must lie in the future";
    case "scopes":
      return `'scopes': ${message}`;
    case "team":
      return `'org_id': ${message}`;
    case "env":
      return `'env_id': ${message}`;
  }
};

const toOutcome = (creation: KeyCreation): Outcome => {
  switch (creation.kind) {
    case "created":
      return answer(201, toWireNewKey(creation.key, creation.apiKey));
    case "invalid":
      return invalidBody(problemOf(creation));
    case "forbidden":
      return forbidden(`Forbidden: ${creation.message}`);
  }
};

const createKey = (parts: ApiKeyParts): Route =>
  defineRoute(parts, {
    method: "POST",
    path: "/auth/api-keys",
    scope: "*",
    tag,
    summary: "Create an API key",
    description: "The key is shown this once. It cannot do more than whoever makes it, nor for longer.",
    params: noFields,
    query: noFields,
    body: newKey,
    bodyExample: { name: "Production key", scopes: "webhooks:write" },
    answers: { 201: { description: "The key.", body: wireNewKey } },
    names: "Environment",
    find: findNothing,
    handle: async ({ principal, owner, body: { name, scopes, mode, expires_at: expiresAtMs } }) =>
      toOutcome(
        await parts.access.createKey({
          name,
          scopes: scopes ?? ["*"],
          expiresAtMs: expiresAtMs ?? null,
          form: `hs_${mode}`,
          maker: {
            kind: "principal",
            principal: { ...owner, scopes: principal.scopes, expiresAtMs: principal.expiresAtMs },
          },
        }),
      ),
  });

const listKeys = (parts: ApiKeyParts): Route =>
  defineRoute(parts, {
    method: "GET",
    path: "/auth/api-keys",
    scope: "*",
    tag,
    summary: "List API keys",
    description: "The keys of the environment, newest first, with those that were revoked. None can be seen again.",
    params: noFields,
    query: z.object(placeFields),
    body: noFields,
    answers: {
      200: { description: "The keys.", body: z.object({ api_keys: z.array(wireKey), has_more: z.boolean() }) },
    },
    names: "Environment",
    find: findNothing,
    handle: async ({ owner }) => {
      const { keys, more } = await parts.access.listKeys(owner);
      return answer(200, { api_keys: keys.map(toWireKey), has_more: more });
    },
  });

const revokeKey = (parts: ApiKeyParts): Route =>
  defineRoute(parts, {
    method: "DELETE",
    path: "/auth/api-keys/:id",
    scope: "*",
    tag,
    summary: "Revoke an API key",
    description: "From the answer on it is refused.",
    params: z.object({ id: idField }),
    query: z.object(placeFields),
    body: noFields,
    answers: { 200: { description: "It is revoked.", body: z.object({ success: z.literal(true) }) } },
    names: "API key",
    find: findNothing,
    handle: async ({ owner, params }) => {
      const revocation = await parts.access.revokeKey(params.id, owner);
      return revocation.kind === "revoked" ? answer(200, { success: true }) : notFound("API key");
    },
  });

/** The routes of API keys. */
export const apiKeyRoutes = (parts: ApiKeyParts): readonly Route[] => [
  listKeys(parts),
  createKey(parts),
  revokeKey(parts),
];
