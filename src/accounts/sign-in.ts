import type { Client } from "./_better-auth.ts";
import { type Entry, enter, type EntryParts } from "./entry.ts";
import { couldBePassword, isEmail } from "./registration.ts";

/** What somebody signs in with. */
export type Credentials = { readonly email: string; readonly password: string };

/** `refused`: nobody has this address and this password. Which of the two it was is not told. */
export type SignIn = Entry | { readonly kind: "refused" };

const refused = { kind: "refused" } as const;

/** Signs somebody in. @throws {StoreError} */
export const signIn = (parts: EntryParts, { email, password }: Credentials, client: Client): Promise<SignIn> =>
  enter(parts, { entrance: "sign_in", client, email }, async () => {
    // Nobody can have been registered like this: it takes no hash to say so.
    if (!isEmail(email) || !couldBePassword(password)) return refused;
    return (await (await parts.betterAuth()).signIn({ email, password }, client)) ?? refused;
  });
