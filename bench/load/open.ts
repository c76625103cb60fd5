import { nowUs } from "../../harness/time.ts";
import { type Connection, openConnection } from "./connection.ts";
import { type LoadJob, type LoadResult, targetOf } from "./job.ts";
import { prepareRequest } from "./request.ts";
import { createTally } from "./tally.ts";

const tickMs = 1;
const lastAnswersMsMax = 15_000;

/**
 * Open loop: requests are due at even distances, whatever becomes of those before. One that finds no connection free
 * waits, and its wait counts: otherwise a server that stalls would be asked less, and look faster than it is.
 */
export const runOpen = async (job: LoadJob & { readonly ratePerSecond: number }): Promise<LoadResult> => {
  const { seconds, ratePerSecond } = job;
  const total = Math.round(seconds * ratePerSecond);
  const done = Promise.withResolvers<void>();
  const idle: Connection[] = [];
  const waitingDueUs: number[] = [];
  let ended = 0;
  let sent = 0;
  const send = (connection: Connection, dueUs: number): void => {
    sent += 1;
    tally.sent(dueUs);
    connection.send(sent, dueUs);
  };
  const connections = await Promise.all(
    Array.from({ length: job.connections }, (_, seed) => {
      const { port, path } = targetOf(job, seed);
      return openConnection(port, prepareRequest(path, seed), (connection, status) => {
        tally.answered(status, connection.dueUs);
        ended += 1;
        const nextDueUs = connection.isOpen ? waitingDueUs.shift() : undefined;
        if (nextDueUs !== undefined) send(connection, nextDueUs);
        else if (connection.isOpen) idle.push(connection);
        if (ended === total) done.resolve();
      });
    }),
  );
  idle.push(...connections);
  const tally = createTally(seconds);
  const startedUs = nowUs();
  let due = 0;
  const tick = (): void => {
    const nowDue = Math.min(total, Math.floor(((nowUs() - startedUs) / 1e6) * ratePerSecond));
    for (; due < nowDue; due += 1) {
      const dueUs = startedUs + Math.round((due * 1e6) / ratePerSecond);
      const connection = idle.pop();
      if (connection === undefined) waitingDueUs.push(dueUs);
      else send(connection, dueUs);
    }
  };
  const ticking = setInterval(tick, tickMs);
  const tooLate = setTimeout(() => done.resolve(), seconds * 1000 + lastAnswersMsMax);
  await done.promise;
  clearInterval(ticking);
  clearTimeout(tooLate);
  for (const connection of connections) connection.close();
  return tally.result();
};
