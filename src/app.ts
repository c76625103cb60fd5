import type { Control } from "./api/control.ts";
import { openServer } from "./app/apis.ts";
import { controlOf, serveControl } from "./app/control.ts";
import { openCore } from "./app/core.ts";
import { openGateway } from "./app/gateway.ts";
import type { Overrides } from "./app/overrides.ts";
import { version } from "./app/version.ts";
import type { Config } from "./config.ts";
import type { RoutingTable } from "./routing/table.ts";

/** A gateway that runs. */
export type App = {
  /** Where it listens. */
  readonly address: { readonly host: string; readonly port: number };
  /** Whether there was no store before. */
  readonly isFirstStart: boolean;
  /** What the operator's commands do, in this process. */
  readonly control: Control;
  /** What is in memory, for tests. */
  readonly table: RoutingTable;
  /** Takes nothing new, gives what is under way its time (`SHUTDOWN_SECONDS`), and closes the store. */
  stop(reason: string): Promise<void>;
};

/**
 * Starts a gateway: store, delivery, server, control socket. The one place where the parts are put together.
 * @throws {StoreError} @throws {SecretsError} @throws {Error} when it cannot listen; nothing is left open then.
 */
export const createApp = async (config: Config, overrides: Overrides = {}): Promise<App> => {
  await using opening = new AsyncDisposableStack();
  const core = await openCore(config, overrides);
  opening.defer(() => core.close());
  const { clock, observer } = core;
  const gateway = await openGateway(core, config, overrides);
  opening.defer(() => gateway.stop(0));
  await gateway.start();
  // Only where people come: loading it takes time and memory.
  if (config.role === "all" || config.role === "api") await core.accounts.warmUp();
  const control = controlOf(core, config);
  const socket = await serveControl(core, config);
  opening.defer(async () => socket?.close());
  const server = openServer(core, gateway, config);
  const address = await server.listen(config);
  const running = opening.move();
  observer.started({ version, host: address.host, port: address.port });

  const shutDown = async (reason: string): Promise<void> => {
    const startedMs = clock.monotonicMs();
    observer.stopping({ reason, deadlineMs: config.shutdownMs });
    // At the same time: a client that takes its time must not use up what attempts under way are given.
    await Promise.all([server.close(config.shutdownMs), gateway.stop(config.shutdownMs)]);
    await running.disposeAsync();
    observer.stopped({ durationMs: clock.monotonicMs() - startedMs, clean: true });
  };
  let stopping: Promise<void> | null = null;
  return {
    address,
    isFirstStart: core.migrated.fromVersion === 0,
    control,
    table: core.table,
    stop: (reason) => (stopping ??= shutDown(reason)),
  };
};
