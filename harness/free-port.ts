import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Below what systems give to those who ask for any port (Linux from 32,768, others from 49,152): a gateway's port must not
 * become another test's before it listens on it, nor while it is being restarted.
 */
const firstPort = 15_000;
const lastPort = 29_999;

const triesMax = 1000;

const claims = new Set<Socket>();

/** All runs of this machine, whichever process they are in, agree by it. A process that ends gives back what it has. */
const claim = async (port: number): Promise<boolean> => {
  const socket = createSocket("udp4");
  const bound = Promise.withResolvers<boolean>();
  socket.once("error", () => bound.resolve(false));
  socket.bind({ port, address: "127.0.0.1", exclusive: true }, () => bound.resolve(true));
  const isOurs = await bound.promise;
  if (isOurs) claims.add(socket.unref());
  else socket.close();
  return isOurs;
};

const isFree = async (port: number): Promise<boolean> => {
  const probe = createServer();
  const bound = Promise.withResolvers<boolean>();
  probe.once("error", () => bound.resolve(false));
  probe.listen(port, "127.0.0.1", () => bound.resolve(true));
  if (!(await bound.promise)) return false;
  probe.close();
  await once(probe, "close");
  return true;
};

/** A TCP port of this machine that nobody listens on, and that nobody else who asks here is given until it is released. */
export const freePort = async (): Promise<number> => {
  for (let tries = 0; tries < triesMax; tries += 1) {
    // Each process looks elsewhere first.
    const port = firstPort + Math.floor(Math.random() * (lastPort - firstPort + 1));
    if ((await claim(port)) && (await isFree(port))) return port;
  }
  throw new Error(`no free port from ${firstPort} to ${lastPort}`);
};

/** Releases all ports that this process was given. Nothing of what used them runs any more. */
export const releasePorts = (): void => {
  for (const socket of claims) socket.close();
  claims.clear();
};
