/** Starts a gateway on a directory, says where it is, and does nothing more: whoever runs this kills it. */
import { createChildren } from "../../harness/children.ts";
import { startServe } from "../../harness/serve.ts";

const [directory = ""] = process.argv.slice(2);
const serve = await startServe(createChildren(), { directory });
await serve.untilReady();
process.stdout.write(`${serve.url}\n`);
