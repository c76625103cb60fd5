import { once } from "node:events";

import type { Children } from "./children.ts";
import { environmentOf, mainScript } from "./serve.ts";

/** Makes an API key in the store of `directory`, whether a gateway runs on it or not. */
export const makeKey = async (
  children: Children,
  directory: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<string> => {
  const child = children.start({
    command: [mainScript, "keys", "create", "--name", "run", "--scopes", "webhooks:write"],
    env: { ...environmentOf(directory, 0), ...environment },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = once(child, "exit");
  let text = "";
  for await (const chunk of child.stdout ?? []) text += String(chunk);
  await ended;
  if (child.exitCode !== 0) throw new Error(`"keys create" ended with ${child.exitCode}`);
  return text.trim();
};
