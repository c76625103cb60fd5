/** What is read out of strace's lines, in the order in which it happened. */
export type Step = "request" | "fsync began" | "fsync ended" | "accepted";

const requestRead = /^\d+ +read\(.*"POST \/in\//;
const requestResumed = /^\d+ +<\.\.\. read resumed>"POST \/in\//;
const acceptedWritten = /^\d+ +(?:write|writev|sendto|sendmsg)\(.*"HTTP\/1\.1 200 /;
const syncWhole = /^\d+ +f(?:data)?sync\(\d+<.*postern\.db-wal>\) += 0/;
const syncBegun = /^(?<thread>\d+) +f(?:data)?sync\(\d+<.*postern\.db-wal> <unfinished/;
const syncResumed = /^(?<thread>\d+) +<\.\.\. f(?:data)?sync resumed>\) += 0/;

/**
 * Requests at the ingest, fsyncs of the store's log that succeeded, and answers of 200. A call that blocks takes two lines, one where it
 * began, one where it ended; a thread goes on only once its line is written, so the order of the lines is the order of things.
 */
export const stepsOf = (lines: readonly string[]): readonly Step[] => {
  const syncing = new Set<string>();
  return lines.flatMap((line): readonly Step[] => {
    if (requestRead.test(line) || requestResumed.test(line)) return ["request"];
    if (acceptedWritten.test(line)) return ["accepted"];
    if (syncWhole.test(line)) return ["fsync began", "fsync ended"];
    const begun = syncBegun.exec(line)?.groups?.["thread"];
    if (begun !== undefined) {
      syncing.add(begun);
      return ["fsync began"];
    }
    const resumed = syncResumed.exec(line)?.groups?.["thread"];
    return resumed !== undefined && syncing.delete(resumed) ? ["fsync ended"] : [];
  });
};

/** Fsyncs, and answers of 200 that were written before a whole fsync had passed since their request was read. */
export type SyncCount = { readonly accepted: number; readonly fsyncs: number; readonly early: number };

/** Counts for requests that came one after the other, from the first one on. */
export const countSyncs = (steps: readonly Step[]): SyncCount => {
  let accepted = 0;
  let fsyncs = 0;
  let early = 0;
  let hasBegun = false;
  let isSynced = false;
  for (const step of steps.slice(Math.max(0, steps.indexOf("request")))) {
    switch (step) {
      case "request":
        hasBegun = false;
        isSynced = false;
        break;
      case "fsync began":
        hasBegun = true;
        break;
      case "fsync ended":
        fsyncs += 1;
        isSynced ||= hasBegun;
        break;
      case "accepted":
        accepted += 1;
        if (!isSynced) early += 1;
        isSynced = false;
        break;
    }
  }
  return { accepted, fsyncs, early };
};
