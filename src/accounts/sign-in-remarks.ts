import type { Observer } from "../observe/observe.ts";
import type { BetterAuthParts } from "./_better-auth.ts";

/** It says of every wrong password that there was one, which we count ourselves. */
const expected: ReadonlySet<string> = new Set(["User not found", "Password not found", "Invalid password"]);

/** Whatever could be a key, a token, a cookie or somebody's address. */
const tellTale = /[^\s"']+@[^\s"']+|[\w+/=.-]{20,}/g;

/** What better-auth says, for our log: its sentences without what they name, and of errors what we tell of errors anyway. */
export const signInRemarks =
  (observer: Pick<Observer, "signInNoted" | "faulted">): BetterAuthParts["onLog"] =>
  ({ level, message, details }) => {
    const sentence = message.replaceAll(tellTale, "…");
    const error = details.find((detail) => detail instanceof Error);
    if (error !== undefined) observer.faulted({ task: "sign people in or out", error });
    else if (level === "error") observer.faulted({ task: "sign people in or out", error: new Error(sentence) });
    else if (!expected.has(message)) observer.signInNoted({ message: sentence });
  };
