import { readPath } from "../lib/json-path.ts";
import type { Handshake } from "./preset.ts";

/** Nothing that a browser or a shell could take for more than a word is echoed, and at most 1 KiB of it. */
const challengePattern = /^[A-Za-z0-9._~-]{1,1024}$/;

/**
 * The text that answers a sender's handshake, or null when the request is an ordinary one. Whether it must be signed is
 * for the caller to say. `readBody` gives the parsed JSON body, or undefined when it is not JSON.
 */
export const answerHandshake = (handshake: Handshake | null, readBody: () => unknown): string | null => {
  if (handshake === null) return null;
  switch (handshake.kind) {
    case "body_challenge": {
      const body = readBody();
      if (readPath(body, handshake.path) !== handshake.value) return null;
      const challenge = readPath(body, handshake.challengePath);
      return typeof challenge === "string" && challengePattern.test(challenge) ? challenge : null;
    }
  }
};
