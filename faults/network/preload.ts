/**
 * Preloaded into a gateway: its name servers are those of `FAULT_NAME_SERVER`, as if /etc/resolv.conf named them, and it
 * tells whoever started it, when asked, where it has dialed.
 */
import { subscribe } from "node:diagnostics_channel";
import dns from "node:dns";
import { syncBuiltinESMExports } from "node:module";
import { Socket } from "node:net";
import { isMainThread } from "node:worker_threads";

if (isMainThread) {
  const server = process.env["FAULT_NAME_SERVER"];
  const { Resolver } = dns.promises;
  if (server !== undefined) {
    const servers = [server];
    dns.promises.Resolver = class extends Resolver {
      constructor(options?: ConstructorParameters<typeof Resolver>[0]) {
        super(options);
        this.setServers(servers);
      }
    };
    syncBuiltinESMExports();
  }

  const dialed = new Map<string, number>();
  subscribe("net.client.socket", (message) => {
    const socket = typeof message === "object" && message !== null && "socket" in message ? message.socket : null;
    if (!(socket instanceof Socket)) return;
    socket.on("connectionAttempt", (address: string) => dialed.set(address, (dialed.get(address) ?? 0) + 1));
  });
  process.on("message", () => process.send?.([...dialed]));
  process.channel?.unref();
}
