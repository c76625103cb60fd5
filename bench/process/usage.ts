import { readFileSync } from "node:fs";

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

/** The second field is a name in parentheses that may hold spaces; user and system time are the 14th and 15th. */
const cpuSecondsIn = (stat: string): number => {
  const fields = stat.split(") ").at(-1)?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
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
