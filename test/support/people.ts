import type { IncomingHttpHeaders } from "node:http";

import type { TestGateway } from "./gateway.ts";
import { type Call, callerOf } from "./hookstream.ts";

/** Where the pages of a test gateway are from. */
export const ownOrigin = "https://hooks.example.com";

/** What a browser sends with a request of one of these pages. */
export const fromOwnPage: Readonly<Record<string, string>> = { origin: ownOrigin, "sec-fetch-site": "same-origin" };

/** Somebody who has signed in at a gateway, and their browser. */
export type SignedIn = {
  readonly email: string;
  readonly password: string;
  readonly cookie: string;
  /** Asks as a page of the gateway does, with the cookie and no key. */
  call: Call;
};

/** What a browser sends back of the cookies of an answer. */
export const cookieOf = ({ "set-cookie": cookies = [] }: IncomingHttpHeaders): string =>
  [cookies]
    .flat()
    .map((cookie) => cookie.split(";")[0]!)
    .join("; ");

/** Somebody takes up an invitation of the operator's. */
export const signIn = async (gateway: TestGateway, name = "Ada", team: string | null = null): Promise<SignedIn> => {
  const call = callerOf(gateway);
  const { token } = await gateway.core.accounts.inviteOwner(team);
  const person = { name, email: `${name.toLowerCase()}@example.com`, password: `correct horse ${name}` };
  const answer = await call("POST", "/v1/auth/invitations/accept", { key: null, body: { ...person, token } });
  if (answer.status !== 200) throw new Error(answer.text);
  const cookie = cookieOf(answer.headers);
  return {
    ...person,
    cookie,
    call: (method, path, options = {}) =>
      call(method, path, { key: null, ...options, headers: { ...fromOwnPage, cookie, ...options.headers } }),
  };
};
