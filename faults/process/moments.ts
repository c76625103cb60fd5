import { createHmac } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";

import { z } from "zod";

import { untilEnded } from "../../harness/children.ts";
import type { MadeSource } from "../../harness/client.ts";
import { http } from "../../harness/http.ts";
import { environmentOf, mainScript } from "../../harness/serve.ts";
import { pause } from "../../harness/time.ts";
import type { FaultContext } from "../fault.ts";
import type { Promises } from "../promises.ts";
import type { Stand } from "../stand.ts";
import { countEvents } from "../store.ts";

/** A moment at which a process is more vulnerable than at others: brings it about, and kills the gateway in it. */
export type Moment = {
  readonly name: string;
  readonly timesShort: number;
  readonly timesLong: number;
  /** `share`: from 0 to 1, a different one each time. The gateway is dead, or about to be killed, when it resolves. */
  reach(setting: MomentSetting, share: number): Promise<void>;
  /** What must hold at the end, beside the account. */
  keep?(setting: MomentSetting, promises: Promises): Promise<void>;
};

export type MomentSetting = {
  readonly context: FaultContext;
  readonly stand: Stand;
  /** Sources that verify signatures. */
  readonly signed: readonly MadeSource[];
  /** A source with many events, to be deleted. */
  readonly doomed: MadeSource;
};

const momentMsMax = 60_000;

/** What the sources of `signed` verify with. */
export const signingSecret = "a secret of the faults alone";

/** Looks again and again, as often as the load in this process lets it. @throws {Error} when it takes too long. */
const untilSo = async (what: string, isSo: () => boolean): Promise<void> => {
  const deadlineMs = performance.now() + momentMsMax;
  while (!isSo()) {
    if (performance.now() > deadlineMs) throw new Error(`waited in vain for ${what}`);
    await setImmediate();
  }
};

/** While it starts: nothing has been told to anybody yet, and what the last one left is being taken over. */
export const whileStarting: Moment = {
  name: "while it starts",
  timesShort: 1,
  timesLong: 20,
  reach: async ({ stand }, share) => {
    await stand.kill();
    await stand.gateway.launch();
    await pause(stand.gateway.readyMs * share);
  },
};

/** While it checkpoints: the database's own file is written to at no other time. */
export const whileCheckpointing: Moment = {
  name: "while it checkpoints",
  timesShort: 1,
  timesLong: 20,
  reach: async ({ stand: { gateway } }) => {
    const path = join(gateway.directory, "postern.db");
    const before = statSync(path).mtimeMs;
    await untilSo("a checkpoint", () => statSync(path).mtimeMs !== before);
  },
};

/** How long it takes to seal the secrets of all sources anew, about. */
const resealMs = 40;

const isSplit = (directory: string): boolean => readFileSync(join(directory, "secrets.key"), "utf8").includes(",");

const startRotation = ({ context, stand }: MomentSetting) =>
  context.children.start({
    command: [mainScript, "secrets", "rotate"],
    env: environmentOf(stand.gateway.directory, 0),
    stdio: "ignore",
  });

/** Whether each of some sources takes an event for genuine that was signed with its secret. */
const acceptsSigned = async ({ stand: { gateway } }: MomentSetting, source: MadeSource): Promise<boolean> => {
  const body = JSON.stringify({ number: 0 });
  const signature = `sha256=${createHmac("sha256", signingSecret).update(body).digest("hex")}`;
  const headers = { "content-type": "application/json", "x-github-event": "push", "x-hub-signature-256": signature };
  const answer = await http(`${gateway.url}${source.path}`, { method: "POST", headers, body });
  const listed = z.object({ data: z.array(z.object({ signature_valid: z.boolean() })) });
  const { data } = listed.parse(await gateway.client.call("GET", `/sources/${source.id}/events?per_page=100`));
  return answer.status === 200 && data.length > 0 && data.every(({ signature_valid }) => signature_valid);
};

/** While it seals its secrets with a new key: some are sealed with the one, some with the other. */
export const whileRotating: Moment = {
  name: "while it rotates its keys",
  timesShort: 1,
  timesLong: 10,
  reach: async (setting, share) => {
    const { directory } = setting.stand.gateway;
    const rotation = startRotation(setting);
    await untilSo("a rotation", () => isSplit(directory) || rotation.exitCode !== null);
    await pause(resealMs * share);
    rotation.kill("SIGKILL");
  },
  keep: async (setting, promises) => {
    const rotation = startRotation(setting);
    await untilEnded(rotation, momentMsMax);
    promises.keep(
      `a rotation that was cut off can be finished; it ended with ${rotation.exitCode}`,
      rotation.exitCode === 0,
    );
    promises.keep("it leaves one key", !isSplit(setting.stand.gateway.directory));
    let refusing = 0;
    for (const source of setting.signed) if (!(await acceptsSigned(setting, source))) refusing += 1;
    promises.keep(`every secret can still be opened; ${refusing} cannot`, refusing === 0);
  },
};

/** While it removes the events of a source that was deleted, which begins ten seconds after its start. */
export const whileRemoving: Moment = {
  name: "while it removes what was deleted",
  timesShort: 0,
  timesLong: 3,
  reach: async ({ stand: { gateway }, doomed }) => {
    const before = countEvents(gateway.directory, doomed.id);
    await gateway.client.call("DELETE", `/sources/${doomed.id}`).catch(() => null);
    await untilSo("removal", () => countEvents(gateway.directory, doomed.id) < before || before === 0);
  },
  keep: async ({ stand: { gateway }, doomed }, promises) => {
    const deadlineMs = performance.now() + momentMsMax;
    while (countEvents(gateway.directory, doomed.id) > 0 && performance.now() < deadlineMs) await pause(100);
    promises.keep("what was deleted is gone at the end", countEvents(gateway.directory, doomed.id) === 0);
  },
};
