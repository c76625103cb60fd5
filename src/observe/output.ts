import { write, writeSync } from "node:fs";
import { isatty } from "node:tty";

import type { Clock } from "../lib/clock.ts";
import type { LogSink } from "./log.ts";

/** What waits for a reader that hangs. Lines beyond it are lost: the gateway goes on without them. */
const waitingBytesMax = 8 * 1024 * 1024;

/** How long to leave a reader alone that takes nothing more. */
const retryMs = 100;

const isBusy = (error: NodeJS.ErrnoException): boolean => error.code === "EAGAIN" || error.code === "EBUSY";

/**
 * Lines to a file descriptor. Never blocks the event loop, whether the reader hangs or goes away (`process.stdout` is
 * synchronous on a pipe). What waits is written when the process exits, after a crash too.
 */
export const createOutput = (fd: number, clock: Pick<Clock, "after">): LogSink => {
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let isWriting = false;
  let isGone = false;

  const take = (): Buffer => {
    const taken = Buffer.concat(waiting);
    waiting = [];
    return taken;
  };
  const giveUp = (): void => {
    isGone = true;
    waiting = [];
  };
  const pump = (chunk: Buffer): void => {
    isWriting = true;
    write(fd, chunk, (error, writtenBytes) => {
      isWriting = false;
      if (error !== null && !isBusy(error)) {
        giveUp();
        return;
      }
      waitingBytes -= writtenBytes;
      const rest = chunk.subarray(writtenBytes);
      if (rest.length > 0) waiting.unshift(rest);
      if (waiting.length === 0) return;
      if (error === null) pump(take());
      else clock.after(retryMs, pumpIdle);
    });
  };
  const pumpIdle = (): void => {
    if (!isWriting && waiting.length > 0) pump(take());
  };
  process.once("exit", () => {
    try {
      for (let left = take(); left.length > 0;) left = left.subarray(writeSync(fd, left));
    } catch {
      // Nobody reads, and there is nobody left to tell.
    }
  });
  return {
    isTTY: isatty(fd),
    write(line) {
      const bytes = Buffer.from(line);
      if (isGone || waitingBytes + bytes.length > waitingBytesMax) return;
      waiting.push(bytes);
      waitingBytes += bytes.length;
      pumpIdle();
    },
  };
};
