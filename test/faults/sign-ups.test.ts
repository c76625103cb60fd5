import { expect, test } from "vitest";

import { signUpsFault } from "../../faults/network/sign-ups.ts";
import { runShort } from "../support/fault.ts";

test("twenty people a second who sign up delay no event, and nobody waits for long", { timeout: 90_000 }, async () => {
  const { account, broken, figures } = await runShort(signUpsFault);
  expect(broken).toEqual([]);
  expect(account.acknowledged).toBeGreaterThan(100);
  expect(figures.find(({ name }) => name === "slowest answer to one of them")?.value).toBeLessThan(20_000);
});
