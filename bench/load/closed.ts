import { nowUs } from "../../harness/time.ts";
import { type Connection, openConnection } from "./connection.ts";
import { type LoadJob, type LoadResult, targetOf } from "./job.ts";
import { prepareRequest } from "./request.ts";
import { createTally } from "./tally.ts";

/** How long answers are waited for that are not there when the time is over. */
const lastAnswersMsMax = 15_000;

/** Closed loop: every connection sends its next request as soon as it has its answer. */
export const runClosed = async (job: LoadJob): Promise<LoadResult> => {
  const { connections: count, seconds } = job;
  const done = Promise.withResolvers<void>();
  let number = 0;
  let underWay = 0;
  let endUs = Infinity;
  const sendNext = (connection: Connection): void => {
    underWay += 1;
    number += 1;
    connection.send(number, nowUs());
  };
  const connections = await Promise.all(
    Array.from({ length: count }, (_, seed) => {
      const { port, path } = targetOf(job, seed);
      return openConnection(port, prepareRequest(path, seed), (connection, status) => {
        underWay -= 1;
        tally.answered(status, connection.dueUs);
        if (connection.isOpen && nowUs() < endUs) sendNext(connection);
        else if (underWay === 0) done.resolve();
      });
    }),
  );
  const tally = createTally(seconds);
  endUs = nowUs() + seconds * 1e6;
  for (const connection of connections) sendNext(connection);
  const tooLate = setTimeout(() => done.resolve(), seconds * 1000 + lastAnswersMsMax);
  await done.promise;
  clearTimeout(tooLate);
  for (const connection of connections) connection.close();
  return tally.result();
};
