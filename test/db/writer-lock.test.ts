import { expect, test } from "vitest";

import { WriterLock } from "../../src/db/writer-lock.ts";

/** A lock that somebody holds, the order in which others got it, and how to let go. */
const heldLock = () => {
  const lock = new WriterLock();
  const order: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = lock.lock(() => gate.promise);
  const all: Promise<unknown>[] = [first];
  const note = (name: string) => async () => {
    order.push(name);
  };
  return {
    lock,
    order,
    hot: (name: string) => all.push(lock.hot(note(name))),
    other: (name: string) => all.push(lock.lock(note(name))),
    release: async () => {
      gate.resolve();
      await Promise.all(all);
    },
  };
};

test("one at a time holds it", async () => {
  const lock = new WriterLock();
  let inside = 0;
  let most = 0;
  const work = async (): Promise<void> => {
    inside += 1;
    most = Math.max(most, inside);
    await Promise.resolve();
    inside -= 1;
  };
  await Promise.all([lock.hot(work), lock.lock(work), lock.hot(work), lock.lock(work)]);
  expect(most).toBe(1);
});

test("hot commits go first, each kind in its own order", async () => {
  const { hot, other, release, order } = heldLock();
  other("a");
  other("b");
  hot("1");
  hot("2");
  await release();
  expect(order).toEqual(["1", "2", "a", "b"]);
});

test("one that was overtaken eight times goes next", async () => {
  const { hot, other, release, order } = heldLock();
  other("a");
  other("b");
  for (let at = 1; at <= 20; at += 1) hot(String(at));
  await release();
  expect(order.indexOf("a")).toBe(8);
  expect(order.indexOf("b")).toBe(17);
  expect(order).toHaveLength(22);
});

test("work that fails gives it back", async () => {
  const lock = new WriterLock();
  await expect(lock.lock(() => Promise.reject(new Error("failed")))).rejects.toThrow("failed");
  await expect(lock.hot(() => Promise.reject(new Error("failed, too")))).rejects.toThrow("failed, too");
  expect(await lock.lock(async () => "free")).toBe("free");
});

test("the holder is known inside a transaction, in what it starts, and nowhere else", async () => {
  const lock = new WriterLock();
  const seen: boolean[] = [];
  const see = (): void => {
    seen.push(lock.isHolder);
  };
  see();
  await lock.lock(async () => {
    see();
    await Promise.resolve();
    see();
    lock.outside(see);
  });
  await lock.hot(async () => see());
  see();
  expect(seen).toEqual([false, true, true, false, false, false]);
});

test("a transaction inside a transaction would wait for itself, and is refused as a mistake", async () => {
  const lock = new WriterLock();
  await expect(lock.lock(async () => lock.lock(async () => {}))).rejects.toMatchObject({ code: "misuse" });
  expect(await lock.lock(async () => "free")).toBe("free");
});
