/** Listens on the socket that its argument names, until it is killed. */
import { createServer } from "node:net";

createServer().listen(process.argv[2], () => process.stdout.write("listening\n"));
