import type { z } from "zod";

import type { Config } from "../config.ts";
import { type Clock, wait } from "../lib/clock.ts";
import { type Answer, askServer } from "./_client.ts";
import { CommandError, type Context } from "./_command.ts";
import { readConfig } from "./_config.ts";

/** Between lock and socket there is a moment when a gateway starts or ends, and other commands hold the lock, too. */
const tryForMs = 5_000;
const tryEveryMs = 100;

/** The store's word for what waiting may mend. */
const isUnavailable = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "unavailable";

/** Runs `attempt` again, for a short time, while another process holds `DATA_DIR`. @throws what the last attempt threw */
export const whileLocked = async <T>(clock: Clock, attempt: () => Promise<T>): Promise<T> => {
  const startedMs = clock.monotonicMs();
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!isUnavailable(error) || clock.monotonicMs() - startedMs > tryForMs) throw error;
      await wait(clock, tryEveryMs);
    }
  }
};

const runHere = async (config: Config, operation: string, input: object): Promise<Answer> => {
  const { openControl } = await import("../app/control.ts");
  const { control, close } = await openControl(config);
  try {
    return await control.run(operation, input);
  } finally {
    await close();
  }
};

/** Asks the gateway that runs on this `DATA_DIR`. Null: there is none, or it keeps nothing there. */
const askGateway = async (config: Config, operation: string, input: object): Promise<Answer | null> => {
  if (config.databaseUrl !== null) return null;
  const { controlAddress } = await import("../app/control.ts");
  return askServer(controlAddress(config), operation, input);
};

/**
 * Has one operation done by the gateway that runs on this `DATA_DIR` or, when none does, in this process. `over`: options that the
 * operation itself decides.
 * @throws {CommandError} when it was refused.
 */
export const runOperation = async <Result>(
  { env, clock }: Pick<Context, "env" | "clock">,
  operation: string,
  { input = {}, result, over = {} }: { input?: object; result: z.ZodType<Result>; over?: Partial<Config> },
): Promise<Result> => {
  const config = { ...readConfig(env), ...over };
  const answer = await whileLocked(
    clock,
    async () => (await askGateway(config, operation, input)) ?? (await runHere(config, operation, input)),
  );
  if (!answer.ok) throw new CommandError(answer.message);
  const read = result.safeParse(answer.result);
  if (read.success) return read.data;
  throw new CommandError("the running gateway is of another version and answers otherwise; restart it", {
    cause: read.error,
  });
};
