import { createSocket, type Socket } from "node:dgram";
import { type EventEmitter, once } from "node:events";
import { createServer } from "node:net";

/**
 * Below what systems give to those who ask for any port (Linux from 32,768, others from 49,152): a gateway's port must not
 * become another test's before it listens on it, nor while it is being restarted.
 */
const firstPort = 15_000;
const lastPort = 29_999;

const triesMax = 1000;

const claims = new Set<Socket>();

/** Whether it listens, or somebody else does. */
const listens = async (server: EventEmitter): Promise<boolean> => {
  try {
    await once(server, "listening");
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") return false;
    throw error;
  }
};

/** All runs of this machine, whichever process they are in, agree by it. A process that ends gives back what it has. */
const claim = async (port: number): Promise<Socket | null> => {
  const socket = createSocket("udp4").bind({ port, address: "127.0.0.1", exclusive: true });
  if (await listens(socket)) return socket.unref();
  socket.close();
  return null;
};

/** On all addresses: what listens on one of them is in the way of who wants all. */
const isFree = async (port: number): Promise<boolean> => {
  const probe = createServer().listen(port);
  if (!(await listens(probe))) return false;
  probe.close();
  await once(probe, "close");
  return true;
};

/** A TCP port of this machine that nobody listens on, and that nobody else who asks here is given until it is released. */
export const freePort = async (): Promise<number> => {
  for (let tries = 0; tries < triesMax; tries += 1) {
    // Each process looks elsewhere first.
    const port = firstPort + Math.floor(Math.random() * (lastPort - firstPort + 1));
    const socket = await claim(port);
    if (socket === null) continue;
    if (await isFree(port)) {
      claims.add(socket);
      return port;
    }
    socket.close();
  }
  throw new Error(`no free port from ${firstPort} to ${lastPort}`);
};

/** Releases all ports that this process was given. Nothing of what used them runs any more. */
export const releasePorts = (): void => {
  for (const socket of claims) socket.close();
  claims.clear();
};
