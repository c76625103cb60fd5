import { subscribe, unsubscribe, type ChannelListener } from "node:diagnostics_channel";

/** Something that outlives its owner unless it is closed. */
type Resource = { once(event: "close" | "exit", listener: () => void): unknown };

/**
 * Node announces every worker, process and socket that this thread makes, unreferenced ones too, which
 * `process.getActiveResourcesInfo` does not show.
 */
const channels: { name: string; key: string; what: string; ends: "close" | "exit" }[] = [
  { name: "worker_threads", key: "worker", what: "worker thread", ends: "exit" },
  { name: "child_process", key: "process", what: "child process", ends: "exit" },
  { name: "tracing:net.server.listen:asyncEnd", key: "server", what: "listening server", ends: "close" },
  { name: "net.server.socket", key: "socket", what: "accepted connection", ends: "close" },
  { name: "net.client.socket", key: "socket", what: "opened connection", ends: "close" },
  { name: "udp.socket", key: "socket", what: "UDP socket", ends: "close" },
];

/** What was made since, and is still there. */
export type LeakTracker = { alive(): string[]; stop(): void };

/** Begins to count what is made from now on. */
export const trackLeaks = (): LeakTracker => {
  const alive = new Map<Resource, string>();
  const subscriptions = channels.map(({ name, key, what, ends }) => {
    const onMade: ChannelListener = (message) => {
      const resource = (message as Record<string, Resource>)[key]!;
      alive.set(resource, what);
      resource.once(ends, () => alive.delete(resource));
    };
    subscribe(name, onMade);
    return { name, onMade };
  });
  return {
    alive: () => [...alive.values()].toSorted(),
    stop() {
      for (const { name, onMade } of subscriptions) unsubscribe(name, onMade);
    },
  };
};
