/**
 * Preloaded into a gateway: the process dies, at once, as soon as it writes a certain body to a socket. As a body might
 * that brings down a native library.
 */
import { Socket } from "node:net";

import { poisonMark } from "./poison-mark.ts";

const isPoisoned = (chunk: unknown): boolean =>
  (typeof chunk === "string" || chunk instanceof Uint8Array) && Buffer.from(chunk).includes(poisonMark);

type Write = typeof Socket.prototype.write;

Socket.prototype.write = new Proxy(Socket.prototype.write, {
  apply: (write, socket: Socket, parameters: Parameters<Write>) => {
    if (parameters.some(isPoisoned)) process.kill(process.pid, "SIGKILL");
    return write.apply(socket, parameters);
  },
});
