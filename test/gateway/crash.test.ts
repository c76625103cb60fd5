import { expect, test } from "vitest";

import { http } from "../../harness/http.ts";
import { call, type GatewayProcess, makeKey, startProcess } from "../support/process.ts";
import { startReceiver } from "../support/receiver.ts";
import { freshDirectory } from "../support/store.ts";

/** Posts until the process dies, and gives the numbers that were acknowledged. */
const postUntilKilled = async (
  gateway: GatewayProcess,
  slug: string,
  next: () => number,
  acknowledgedMax: number,
): Promise<readonly number[]> => {
  const acknowledged: number[] = [];
  const post = async (): Promise<void> => {
    for (;;) {
      const number = next();
      try {
        const answer = await http(`${gateway.url}/in/${slug}`, { method: "POST", body: JSON.stringify({ number }) });
        if (answer.status === 200) acknowledged.push(number);
      } catch {
        return;
      }
      if (acknowledged.length >= acknowledgedMax) return gateway.kill();
    }
  };
  await Promise.all(Array.from({ length: 16 }, post));
  return acknowledged;
};

test(
  "invariants 1 and 3: kill -9 under load loses nothing acknowledged, and leaves nothing undelivered",
  { timeout: 60_000 },
  async () => {
    const kills = 4;
    const directory = freshDirectory();
    await using receiver = await startReceiver();
    const key = await makeKey(directory);
    let gateway = await startProcess(directory);
    const source = await call(gateway.url, key, "/webhooks/sources", { name: "s", require_signature: false });
    await call(gateway.url, key, `/webhooks/sources/${source["id"]}/destinations`, { url: receiver.url });

    let number = 0;
    const acknowledged: number[] = [];
    for (let kill = 0; kill < kills; kill += 1) {
      acknowledged.push(...(await postUntilKilled(gateway, source["slug"]!, () => (number += 1), 150)));
      gateway = await startProcess(directory);
    }
    expect(acknowledged.length).toBeGreaterThanOrEqual(kills * 150);

    const numberOf = (body: Buffer): number => {
      const parsed: { number: number } = JSON.parse(body.toString());
      return parsed.number;
    };
    const delivered = (): Set<number> => new Set(receiver.requests.map((request) => numberOf(request.body)));
    const missing = (): number[] => acknowledged.filter((each) => !delivered().has(each));
    while (missing().length > 0) await receiver.waitFor(receiver.requests.length + 1);

    const list = async (status: string): Promise<number> => {
      const answer = await http(`${gateway.url}/api/v1/webhooks/sources/${source["id"]}/events?status=${status}`, {
        headers: { authorization: `Bearer ${key}` },
      });
      const { meta }: { meta: { total: number } } = JSON.parse(answer.body.toString());
      return meta.total;
    };
    while ((await list("forwarding")) > 0);
    expect(await list("failed")).toBe(0);
    expect(await list("succeeded")).toBeGreaterThanOrEqual(acknowledged.length);
    expect(await gateway.terminate()).toBe(0);
  },
);
