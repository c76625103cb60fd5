import { describe, expect, test } from "vitest";

import { durabilityFault } from "../../faults/process/durability.ts";
import { countSyncs, stepsOf } from "../../faults/process/trace.ts";
import { runShort } from "../support/fault.ts";

test("invariant 1: 20 acknowledged posts cause 20 fsyncs, each before its 200, as the kernel sees it", async () => {
  const { account, broken } = await runShort(durabilityFault);
  expect(broken).toEqual([]);
  expect(account.acknowledged).toBeGreaterThan(20);
});

const request = '15 read(42<socket:[29]>, "POST /in/wh_YXtsYihy HTTP/1.1\\r\\nHost: x\\r\\n"..., 65536) = 106';
const accepted =
  '15 writev(42<socket:[29]>, [{iov_base="HTTP/1.1 200 OK\\r\\ncontent-type: applicati"..., iov_len=295}], 1) = 295';
const fsync = "18 fsync(32</data/postern.db-wal>) = 0";
const began = "18 fdatasync(32</data/postern.db-wal> <unfinished ...>";
const ended = "18 <... fdatasync resumed>) = 0";
const failed = "18 fsync(32</data/postern.db-wal>) = -1 EIO (Input/output error)";
const elsewhere = "18 fsync(31</data/postern.db>) = 0";

describe("of a trace that shows", () => {
  test.for([
    ["an fsync before its 200", [request, fsync, accepted], { fsyncs: 1, early: 0 }],
    ["one in two lines", [request, began, ended, accepted], { fsyncs: 1, early: 0 }],
    [
      "threads of small numbers",
      [request, began, ended, accepted].map((line) => line.replace(" ", "    ")),
      { fsyncs: 1, early: 0 },
    ],
    ["none", [fsync, request, accepted], { fsyncs: 0, early: 1 }],
    ["one after its 200", [request, accepted, fsync], { fsyncs: 1, early: 1 }],
    ["one that has not ended at its 200", [request, began, accepted, ended], { fsyncs: 1, early: 1 }],
    [
      "one that began before the request",
      [request, fsync, accepted, began, request, ended, accepted],
      { fsyncs: 2, early: 1 },
    ],
    ["one that failed", [request, failed, accepted], { fsyncs: 0, early: 1 }],
    ["one of another file", [request, elsewhere, accepted], { fsyncs: 0, early: 1 }],
    ["one for two", [request, fsync, accepted, request, accepted], { fsyncs: 1, early: 1 }],
  ] as const)("%s", ([, lines, counted]) => expect(countSyncs(stepsOf(lines))).toMatchObject(counted));
});
