import { expect, test, vi } from "vitest";

import { http } from "../../harness/http.ts";
import { startChild } from "../support/child.ts";
import { freshDirectory } from "../support/store.ts";

test("a gateway of a run ends when whoever started it is killed", async () => {
  const starter = startChild("faults/_start-and-wait.ts", freshDirectory());
  const [url = ""] = await starter.waitForLines(1);
  expect((await http(`${url}/healthz`)).status).toBe(200);
  await starter.kill();
  await vi.waitFor(() => expect(http(`${url}/healthz`)).rejects.toMatchObject({ code: "ECONNREFUSED" }), 5_000);
});
