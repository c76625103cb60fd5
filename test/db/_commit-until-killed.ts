import { openSqlite } from "../../src/db/sqlite/engine.ts";
import { insertStatement } from "../../src/db/statement.ts";
import { systemClock } from "../../src/lib/clock.ts";

// Writes numbers to a store until it is killed, and says each one once its commit is acknowledged.
const [directory = "", start = "0"] = process.argv.slice(2);
const { store } = openSqlite({
  directory,
  clock: systemClock,
  observer: { committed() {}, commitFailed() {}, checkpointFailed() {} },
});
const join = store.line<number, void>({
  name: "marks",
  itemsMax: 100,
  draft: (items) => ({
    operations: [
      {
        statement: insertStatement({ table: "marks", columns: { mark: "integer", ballast: "bytes" } }),
        rows: items.map((mark) => [mark, Buffer.alloc(2000, mark)]),
      },
    ],
    committed: () => items.map(() => undefined),
    abandoned: () => {},
  }),
});

let next = Number(start);
const writeForEver = async (): Promise<never> => {
  for (;;) {
    next += 1;
    const mark = next;
    await join(mark);
    process.stdout.write(`${mark}\n`);
  }
};
await Promise.all(Array.from({ length: 16 }, writeForEver));
