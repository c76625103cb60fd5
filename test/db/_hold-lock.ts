import { holdLock } from "../../src/db/sqlite/lock.ts";

// Holds the lock of a directory until it is killed.
const [directory = ""] = process.argv.slice(2);
holdLock(directory);
process.stdout.write("held\n");
setInterval(() => {}, 60_000);
