import { expect, test } from "vitest";

import { createTurns } from "../../src/replay/turns.ts";

/** Work that ends when it is told to. */
const held = () => Promise.withResolvers<string>();

test("so much runs at once, the next waits its turn, and more than may wait is refused", async () => {
  const inTurn = createTurns({ runningMax: 2, waitingMax: 1 });
  const works = [held(), held(), held()];
  const begun: number[] = [];
  const ended = works.map(({ promise }, at) =>
    inTurn(() => {
      begun.push(at);
      return promise;
    }),
  );
  expect(begun).toEqual([0, 1]);
  await expect(inTurn(async () => "late")).rejects.toMatchObject({ code: "unavailable" });
  works[1]!.resolve("second");
  expect(await ended[1]).toBe("second");
  await expect.poll(() => begun).toEqual([0, 1, 2]);
  works[0]!.resolve("first");
  works[2]!.resolve("third");
  expect(await Promise.all(ended)).toEqual(["first", "second", "third"]);
  expect(await inTurn(async () => "later")).toBe("later");
});

test("work that fails gives its turn on", async () => {
  const inTurn = createTurns({ runningMax: 1, waitingMax: 1 });
  const failing = inTurn(() => Promise.reject(new Error("broken")));
  const next = inTurn(async () => "next");
  await expect(failing).rejects.toThrow("broken");
  expect(await next).toBe("next");
});
