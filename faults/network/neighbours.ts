import type { MadeSource } from "../../harness/client.ts";
import { median, quantile } from "../../harness/statistics.ts";
import { pause } from "../../harness/time.ts";
import type { Account, Fault, FaultContext, OwnFigure } from "../fault.ts";
import { longestGapMs } from "../gap.ts";
import type { Gateway } from "../gateway.ts";
import type { Acknowledged } from "../load.ts";
import { createPromises, keepAccount, type Promises } from "../promises.ts";
import type { Receiver } from "../receiver.ts";
import { addUp } from "./add-up.ts";
import { type DeadKind, startDead } from "./dead.ts";
import { latenciesMs } from "./latency.ts";

/** Dead destinations beside a healthy one. */
type Neighbourhood = {
  /** How it goes on after "beside". */
  readonly name: string;
  readonly dead: readonly DeadKind[];
  /** Of the load, what they get too. */
  readonly sharedPerSecond: number;
  /** Events for them before anything is measured: above a thousand their backlog is in the store. */
  readonly fillEvents: number;
  readonly bars: Bars;
};

/** What must be below: by how much the healthy one is slower than it is alone, or how slow it is at all. */
type Bars = { readonly medianMoreMs?: number; readonly p99MoreMs?: number; readonly p99Ms?: number };

type Scale = {
  readonly rounds: number;
  readonly roundMs: number;
  readonly settleMs: number;
  readonly ratePerSecond: number;
  /** Of the dead. */
  readonly timeoutSeconds: number;
  readonly neighbourhoods: readonly Neighbourhood[];
};

const times = (count: number, kind: DeadKind): readonly DeadKind[] => Array.from({ length: count }, () => kind);

const one = (kind: DeadKind): Neighbourhood => ({
  name: `one that ${kind}`,
  dead: [kind],
  sharedPerSecond: 500,
  fillEvents: 1_500,
  bars: { medianMoreMs: 5, p99MoreMs: 30 },
});

/** As many deliveries for all of them together as for the healthy one. */
const fifty = (kind: DeadKind, fillEvents: number): Neighbourhood => ({
  name: `fifty that ${kind.replace(/s$/, "")}`,
  dead: times(50, kind),
  sharedPerSecond: 10,
  fillEvents,
  bars: { p99Ms: 60 },
});

const scales: Record<"short" | "long", Scale> = {
  short: {
    rounds: 1,
    roundMs: 2_500,
    settleMs: 200,
    ratePerSecond: 100,
    timeoutSeconds: 1,
    neighbourhoods: [
      {
        name: "thirty that are dead in any way",
        dead: [...times(10, "hangs"), ...times(10, "refuses"), ...times(10, "fails")],
        sharedPerSecond: 10,
        fillEvents: 20,
        // Whoever waited for one of them would wait for a second.
        bars: { p99Ms: 900 },
      },
    ],
  },
  long: {
    rounds: 5,
    roundMs: 6_000,
    settleMs: 3_000,
    ratePerSecond: 500,
    timeoutSeconds: 5,
    neighbourhoods: [
      one("hangs"),
      one("refuses"),
      one("fails"),
      fifty("hangs", 1_100),
      fifty("refuses", 20),
      fifty("fails", 20),
    ],
  },
};

/** A gateway with a healthy destination: of events for it alone, and of events that its neighbours get as well. */
type Arm = {
  readonly gateway: Gateway;
  readonly receiver: Receiver;
  readonly alone: MadeSource;
  readonly shared: MadeSource;
  readonly acknowledged: Acknowledged[];
};

const openArm = async (context: FaultContext): Promise<Arm> => {
  const receiver = await context.startReceiver();
  const gateway = await context.startGateway();
  const make = async (name: string): Promise<MadeSource> => {
    const source = await gateway.client.makeSource({ name, require_signature: false });
    await gateway.client.makeDestination(source, { url: receiver.url, max_concurrency: 64 });
    return source;
  };
  return { gateway, receiver, alone: await make("alone"), shared: await make("shared"), acknowledged: [] };
};

/** Numbers that no two loads share. */
const numbersApart = 1_000_000;
/** Events a second on one connection. */
const perConnection = 10;
const lookMs = 5;
const arriveMsMax = 20_000;

const untilArrived = async ({ counts }: Receiver, acknowledged: readonly Acknowledged[]): Promise<void> => {
  const deadlineMs = performance.now() + arriveMsMax;
  while (acknowledged.some(({ number }) => !counts.has(number)) && performance.now() < deadlineMs) await pause(lookMs);
};

type Wish = Pick<Neighbourhood, "sharedPerSecond"> & Pick<Scale, "ratePerSecond" | "roundMs">;

/** Puts a gateway under load for a while. Gives how long events took to the healthy destination. */
const measure = async (context: FaultContext, arm: Arm, wish: Wish): Promise<readonly number[]> => {
  const { gateway, receiver, alone, shared, acknowledged } = arm;
  const rates: readonly (readonly [MadeSource, number])[] = [
    [shared, wish.sharedPerSecond],
    [alone, wish.ratePerSecond - wish.sharedPerSecond],
  ];
  const { port } = gateway;
  const firstNumber = (acknowledged.at(-1)?.number ?? 0) + numbersApart;
  const loads = rates
    .filter(([, ratePerSecond]) => ratePerSecond > 0)
    .map(([{ path }, ratePerSecond], index) =>
      context.startLoad({
        port,
        path,
        ratePerSecond,
        connections: Math.ceil(ratePerSecond / perConnection),
        firstNumber: firstNumber + index * numbersApart,
      }),
    );
  await pause(wish.roundMs);
  await Promise.all(loads.map((load) => load.stop()));
  const sent = loads.flatMap((load) => load.acknowledged);
  await untilArrived(receiver, sent);
  acknowledged.push(...sent);
  return latenciesMs({ acknowledged: sent }, receiver, { fromMs: 0, untilMs: Number.POSITIVE_INFINITY });
};

/** Fills the lanes of the dead. */
const fill = async (context: FaultContext, { gateway, receiver, shared, acknowledged }: Arm, events: number) => {
  const load = context.startLoad({ port: gateway.port, path: shared.path, firstNumber: numbersApart });
  await load.until(events);
  await load.stop();
  await untilArrived(receiver, load.acknowledged);
  acknowledged.push(...load.acknowledged);
};

/** What one round has shown. */
type Round = Readonly<Record<"alone" | "beside", { readonly medianMs: number; readonly p99Ms: number }>>;

const summaryOf = (latencies: readonly number[]): Round["alone"] => ({
  medianMs: median(latencies),
  p99Ms: quantile(latencies, 0.99),
});

type Compared = { readonly rounds: readonly Round[]; readonly account: Account };

const accountOf = (arms: readonly Arm[], fromMs: number): Account => {
  const untilMs = performance.now();
  const all = arms.flatMap(({ acknowledged }) => acknowledged);
  const missing = arms.flatMap(({ acknowledged, receiver }) =>
    acknowledged.filter(({ number }) => !receiver.counts.has(number)),
  );
  return {
    acknowledged: all.length,
    lost: missing.length,
    stuck: 0,
    duplicates: arms.reduce((sum, { receiver: { arrivals, counts } }) => sum + arrivals.length - counts.size, 0),
    duplicatesMax: 0,
    longestGapMs: Math.max(
      ...arms.map(({ acknowledged, receiver }) => longestGapMs(acknowledged, receiver.arrivals, { fromMs, untilMs })),
    ),
    restarts: 0,
  };
};

/** One gateway with dead neighbours and one without, in turn: while one is measured the other stands still. */
const compare = async (context: FaultContext, scale: Scale, hood: Neighbourhood): Promise<Compared> => {
  const alone = await openArm(context);
  const beside = await openArm(context);
  const urls = new Map<DeadKind, string>();
  for (const kind of new Set(hood.dead)) urls.set(kind, await startDead(context, kind));
  for (const kind of hood.dead) {
    await beside.gateway.client.makeDestination(beside.shared, {
      url: urls.get(kind),
      timeout_seconds: scale.timeoutSeconds,
    });
  }
  const fromMs = performance.now();
  await fill(context, alone, hood.fillEvents);
  await fill(context, beside, hood.fillEvents);
  const arms = { alone, beside } as const;
  const wish = { sharedPerSecond: hood.sharedPerSecond, ratePerSecond: scale.ratePerSecond };
  for (const arm of [alone, beside]) arm.gateway.freeze();
  const measureThawed = async (which: "alone" | "beside", roundMs: number): Promise<readonly number[]> => {
    arms[which].gateway.thaw();
    // What fell due meanwhile.
    await pause(scale.settleMs);
    const latencies = await measure(context, arms[which], { ...wish, roundMs });
    arms[which].gateway.freeze();
    return latencies;
  };
  await measureThawed("alone", scale.settleMs);
  await measureThawed("beside", scale.settleMs);
  const rounds: Round[] = [];
  for (let number = 0; number < scale.rounds; number += 1) {
    const order = number % 2 === 0 ? (["alone", "beside"] as const) : (["beside", "alone"] as const);
    const round = { alone: summaryOf([]), beside: summaryOf([]) };
    for (const which of order) round[which] = summaryOf(await measureThawed(which, scale.roundMs));
    rounds.push(round);
    const show = ({ medianMs, p99Ms }: Round["alone"]): string => `${medianMs.toFixed(1)} and ${p99Ms.toFixed(1)} ms`;
    context.say(`beside ${hood.name}, median and p99: ${show(round.beside)}; alone: ${show(round.alone)}`);
  }
  const account = accountOf([alone, beside], fromMs);
  for (const { gateway } of [alone, beside]) await gateway.kill();
  return { rounds, account };
};

/** Medians over the rounds, which are what bars are for. */
const figuresOf = ({ name }: Neighbourhood, { rounds }: Compared) => {
  const middle = (of: (round: Round) => number): number => median(rounds.map(of));
  return {
    name,
    medianMs: middle(({ beside }) => beside.medianMs),
    p99Ms: middle(({ beside }) => beside.p99Ms),
    medianMoreMs: middle(({ alone, beside }) => beside.medianMs - alone.medianMs),
    p99MoreMs: middle(({ alone, beside }) => beside.p99Ms - alone.p99Ms),
  };
};

const keepBars = (promises: Promises, { name, bars }: Neighbourhood, figures: ReturnType<typeof figuresOf>): void => {
  for (const key of ["medianMoreMs", "p99MoreMs", "p99Ms"] as const) {
    const bar = bars[key];
    if (bar === undefined) continue;
    promises.keep(`beside ${name}, ${key} is below ${bar}; it was ${figures[key].toFixed(1)}`, figures[key] < bar);
  }
};

const shown = (figures: ReturnType<typeof figuresOf>): readonly OwnFigure[] => [
  { name: `beside ${figures.name}: median`, value: figures.medianMs, unit: "ms" },
  { name: `beside ${figures.name}: median, more than alone`, value: figures.medianMoreMs, unit: "ms" },
  { name: `beside ${figures.name}: p99`, value: figures.p99Ms, unit: "ms" },
  { name: `beside ${figures.name}: p99, more than alone`, value: figures.p99MoreMs, unit: "ms" },
];

/** A healthy destination beside dead ones, and without them, in turn. */
export const neighboursFault: Fault = {
  name: "neighbours",
  title: "a healthy destination beside dead ones that have a backlog, measured in turn with one that is alone",
  run: async (context) => {
    const scale = scales[context.scale];
    const promises = createPromises();
    const figures: OwnFigure[] = [];
    const accounts: Account[] = [];
    for (const hood of scale.neighbourhoods) {
      const compared = await compare(context, scale, hood);
      const own = figuresOf(hood, compared);
      keepAccount(promises, compared.account);
      keepBars(promises, hood, own);
      figures.push(...shown(own));
      accounts.push(compared.account);
    }
    return { account: addUp(accounts), figures, broken: promises.broken };
  },
};
