import { readdirSync, readFileSync } from "node:fs";

/** `USER_HZ`, the unit of times in /proc, which is 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** What a process has used: processor time of all its threads, and memory. Null where there is no /proc. */
export type Usage = {
  readonly cpuSeconds: number;
  /** Of the main thread alone, which is the event loop's. */
  readonly mainCpuSeconds: number;
  readonly residentBytes: number;
  /** The part of it that is not pages of files, which the system can take back. */
  readonly anonymousBytes: number;
  readonly peakBytes: number;
};

const kibibytesOf = (status: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0);

/** The second field is a name in parentheses that may hold spaces; the third comes first here. */
const fieldsIn = (stat: string): readonly string[] => stat.split(") ").at(-1)?.split(" ") ?? [];

/** User and system time are the 14th and 15th field. */
const cpuSecondsIn = (stat: string): number => {
  const fields = fieldsIn(stat);
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
};

/** The 16th and 17th field: of children that have ended and were waited for. */
const endedChildrenSecondsIn = (stat: string): number => {
  const fields = fieldsIn(stat);
  return (Number(fields[13]) + Number(fields[14])) / ticksPerSecond;
};

/** Looks at a process from outside, so that looking costs it nothing. */
export const usageOf = (pid: number): Usage | null => {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return {
      cpuSeconds: cpuSecondsIn(readFileSync(`/proc/${pid}/stat`, "utf8")),
      mainCpuSeconds: cpuSecondsIn(readFileSync(`/proc/${pid}/task/${pid}/stat`, "utf8")),
      anonymousBytes: kibibytesOf(status, "RssAnon") * 1024,
      residentBytes: kibibytesOf(status, "VmRSS") * 1024,
      peakBytes: kibibytesOf(status, "VmHWM") * 1024,
    };
  } catch {
    return null;
  }
};

/** Null: it ended while the list was read. */
const readStat = (pid: string): string | null => {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return null;
  }
};

/** Processor time of a process that forks, and of all that it forked. NaN where the system does not tell. */
export const cpuSecondsOfFamily = (pid: number): number => {
  const own = readStat(String(pid));
  if (own === null) return Number.NaN;
  const stats = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(readStat);
  return stats
    .filter((stat) => stat !== null && fieldsIn(stat)[1] === String(pid))
    .reduce((sum, stat) => sum + cpuSecondsIn(stat ?? ""), cpuSecondsIn(own) + endedChildrenSecondsIn(own));
};

/** Processor time that the machine as a whole has spent on anything. Null where there is no /proc. */
export const busySecondsOfMachine = (): number | null => {
  try {
    const [line = ""] = readFileSync("/proc/stat", "utf8").split("\n", 1);
    // cpu, user, nice, system, idle, iowait, irq, softirq, steal; what follows is counted in user already.
    const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line.split(/ +/).slice(1).map(Number);
    return (user + nice + system + irq + softirq + steal) / ticksPerSecond;
  } catch {
    return null;
  }
};
