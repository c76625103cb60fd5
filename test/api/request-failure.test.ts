import { expect, test } from "vitest";

import { requestFailureOf } from "../../src/api/request-failure.ts";
import { isPassing, StoreError, type StoreErrorCode } from "../../src/db/store-error.ts";

const codes: Readonly<Record<StoreErrorCode, "unavailable" | "internal">> = {
  constraint: "internal",
  held: "unavailable",
  unavailable: "unavailable",
  interrupted: "unavailable",
  closed: "unavailable",
  misuse: "internal",
  other: "internal",
};

test("whoever asks is told to come again exactly where the store may take it later", () => {
  for (const [code, kind] of Object.entries(codes) as [StoreErrorCode, string][]) {
    const error = new StoreError(code, "of the store");
    expect([code, requestFailureOf(error)]).toEqual([code, { kind }]);
    expect([code, isPassing(error)]).toEqual([code, kind === "unavailable"]);
  }
});
