/**
 * Preloaded into a gateway: its wall clock is moved by whoever started it, over the channel between the two. The monotonic
 * clock goes on, as it does when an operator or NTP sets the time. `FAULT_CLOCK_OFFSET_MS`: how far it is off at first.
 */
import { isMainThread } from "node:worker_threads";

if (isMainThread) {
  const trueNowMs = Date.now;
  let offsetMs = Number(process.env["FAULT_CLOCK_OFFSET_MS"] ?? 0);
  // The one way in which the gateway asks for the time of day.
  Date.now = () => trueNowMs() + offsetMs;
  process.on("message", (movedMs) => {
    offsetMs = Number(movedMs);
    process.send?.(offsetMs);
  });
  process.channel?.unref();
}
