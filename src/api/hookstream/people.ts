import { z } from "zod";

import type { Accounts } from "../../accounts/accounts.ts";
import type { Entry } from "../../accounts/entry.ts";
import type { RegistrationProblem } from "../../accounts/registration.ts";
import { noFields, textField } from "../fields.ts";
import { originOf } from "../same-origin.ts";
import { defineOpenRoute } from "./_define-route.ts";
import type { HookstreamParts } from "./parts.ts";
import type { RequestHead } from "./ports.ts";
import { answer, conflict, forbidden, gone, invalidBody, notFound, type Outcome, type Route } from "./route.ts";

/** What these routes use. */
export type PeopleParts = Pick<HookstreamParts, "publicUrl"> & {
  readonly accounts: Pick<Accounts, "signIn" | "signUp" | "acceptInvitation">;
};

const tag = "People";
/** Longer than anything that is taken. */
const textCharsMax = 1_000;
const userAgentCharsMax = 400;

const text = textField(textCharsMax);
const credentials = z.object({ email: text, password: text });
const registration = credentials.extend({ name: text });
const entered = z.object({ success: z.literal(true) });

const clientOf = ({ address, headers }: RequestHead) => ({
  address,
  userAgent: headers["user-agent"]?.slice(0, userAgentCharsMax) ?? null,
});

const letIn = (entry: Entry): Outcome => {
  if (entry.kind === "entered") return answer(200, { success: true }, { "set-cookie": [...entry.cookies] });
  const { retryAfterSeconds } = entry;
  return { kind: "refused", status: 429, error: "Too many tries: wait, then try again", retryAfterSeconds };
};

const unauthorized = (error: string): Outcome => ({ kind: "refused", status: 401, error });
const invalid = ({ field, message }: RegistrationProblem): Outcome => invalidBody(`'${field}' ${message}`);

const foreign = "Forbidden: this was asked by a page of another site";

/** Nobody signs somebody in at another site without their knowing it: what they do then would be seen by who did. */
const fromHere =
  <Request extends { readonly head: RequestHead }>(
    { publicUrl }: Pick<PeopleParts, "publicUrl">,
    handle: (request: Request) => Promise<Outcome>,
  ): ((request: Request) => Promise<Outcome>) =>
  async (request) =>
    originOf(request.head.headers, new URL(publicUrl).origin) === "cross" ? forbidden(foreign) : handle(request);

const signIn = (parts: PeopleParts): Route =>
  defineOpenRoute({
    method: "POST",
    path: "/auth/sign-in/email",
    tag,
    summary: "Sign in",
    description:
      "The answer brings the cookie `better-auth.session_token`. It counts beside a key, with requests from pages of the gateway.",
    params: noFields,
    query: noFields,
    body: credentials,
    bodyExample: { email: "ada@example.com", password: "correct horse battery" },
    answers: { 200: { description: "Signed in.", body: entered } },
    refusals: { 401: "Invalid email or password", 403: foreign },
    names: "User",
    handle: fromHere(parts, async ({ body, head }) => {
      const signed = await parts.accounts.signIn(body, clientOf(head));
      return signed.kind === "refused" ? unauthorized("Invalid email or password") : letIn(signed);
    }),
  });

const signUp = (parts: PeopleParts): Route =>
  defineOpenRoute({
    method: "POST",
    path: "/auth/sign-up/email",
    tag,
    summary: "Sign up",
    description:
      "Makes somebody known, with an organization and an environment of their own. Only where `SIGN_UP` is `open`.",
    params: noFields,
    query: noFields,
    body: registration,
    bodyExample: { name: "Ada", email: "ada@example.com", password: "correct horse battery" },
    answers: { 200: { description: "Signed up, and signed in.", body: entered } },
    refusals: { 403: "Sign-up is closed: ask for an invitation", 409: "Somebody has this email" },
    names: "User",
    handle: fromHere(parts, async ({ body, head }) => {
      const signed = await parts.accounts.signUp(body, clientOf(head));
      switch (signed.kind) {
        case "closed":
          return forbidden("Sign-up is closed: ask for an invitation");
        case "taken":
          return conflict("Somebody has this email");
        case "invalid":
          return invalid(signed.problem);
        case "entered":
        case "limited":
          return letIn(signed);
      }
    }),
  });

const accept = (parts: PeopleParts): Route =>
  defineOpenRoute({
    method: "POST",
    path: "/auth/invitations/accept",
    tag,
    summary: "Take up an invitation",
    description: "Whoever is known already says their own password. An invitation counts once, for an hour.",
    params: noFields,
    query: noFields,
    body: registration.extend({ token: text.describe("The last part of the link.") }),
    bodyExample: { token: "…", name: "Ada", email: "ada@example.com", password: "correct horse battery" },
    answers: { 200: { description: "A member of the organization, and signed in.", body: entered } },
    refusals: {
      401: "Somebody has this email and another password",
      403: foreign,
      404: "Invitation not found",
      410: "The invitation has expired",
    },
    names: "Invitation",
    handle: fromHere(parts, async ({ body, head }) => {
      const accepted = await parts.accounts.acceptInvitation(body, clientOf(head));
      switch (accepted.kind) {
        case "not_found":
          return notFound("Invitation");
        case "expired":
        case "used":
          return gone(accepted.kind === "used" ? "The invitation was used" : "The invitation has expired");
        case "wrong_password":
          return unauthorized("Somebody has this email and another password");
        case "invalid":
          return invalid(accepted.problem);
        case "entered":
        case "limited":
          return letIn(accepted);
      }
    }),
  });

/** The routes by which people come in. */
export const peopleRoutes = (parts: PeopleParts): readonly Route[] => [signIn(parts), signUp(parts), accept(parts)];
