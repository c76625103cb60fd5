/**
 * Preloaded into a gateway that a run starts: whoever started it holds the other end of its standard input, and a process
 * whose starter has died, however that came, ends at once.
 */
import { Socket } from "node:net";
import { isMainThread } from "node:worker_threads";

const end = (): void => {
  process.kill(process.pid, "SIGKILL");
};

if (isMainThread) {
  const leash = new Socket({ fd: 0, readable: true, writable: false });
  leash.once("end", end).once("error", end).resume().unref();
}
