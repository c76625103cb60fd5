import { onTestFinished, expect, test } from "vitest";

import { changesSince, processState } from "./process-state.ts";

test("what a test leaves otherwise than it was is named", () => {
  const before = processState();
  expect(changesSince(before)).toEqual([]);

  const { setTimeout } = globalThis;
  process.env["LEFT_BEHIND"] = "1";
  Reflect.set(globalThis, "setTimeout", () => undefined);
  onTestFinished(() => {
    delete process.env["LEFT_BEHIND"];
    Reflect.set(globalThis, "setTimeout", setTimeout);
  });
  expect(changesSince(before)).toEqual(["the environment", "setTimeout"]);
});
