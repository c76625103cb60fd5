import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** What is under way on the connections of a server. Requests may follow one another without waiting for answers. */
export type Connections = {
  /**
   * Takes note of a request. False: what came before it ends the connection, so it must be neither looked at nor
   * answered (RFC 9112, section 9.6).
   */
  accept(request: IncomingMessage, response: ServerResponse): boolean;
  /** Whether something on this connection is not answered yet. */
  isBusy(socket: Socket): boolean;
  /**
   * Gives up a connection on which nothing more can be read. What came whole before is answered first; then `say` tells
   * the client why, unless it was answered already.
   */
  giveUp(socket: Socket, say: () => void): void;
};

type Connection = {
  /** Answers that are not out yet. */
  readonly open: Set<ServerResponse>;
  /** The answer to the newest request, until both are done with. */
  newest: ServerResponse | null;
  isGivenUp: boolean;
};

const closed = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    response.once("close", () => resolve());
  });

/** Whether the client has been, or will be, told something by this answer although nothing more is read. */
const isCertain = ({ req, headersSent }: ServerResponse): boolean => req.complete || headersSent;

/** Keeps what it knows of a connection for as long as that lives. */
export const createConnections = (): Connections => {
  const connections = new WeakMap<Socket, Connection>();
  return {
    accept: ({ socket }, response) => {
      const known = connections.get(socket) ?? { open: new Set(), newest: null, isGivenUp: false };
      const { open } = known;
      if (!socket.writable || [...open].some(({ shouldKeepAlive }) => !shouldKeepAlive)) return false;
      connections.set(socket, known);
      known.newest = response;
      open.add(response);
      response.once("close", () => {
        open.delete(response);
        // A connection that only waits for its next request holds nothing of the last one.
        if (known.newest === response && response.req.complete) known.newest = null;
      });
      return true;
    },
    isBusy: (socket) => (connections.get(socket)?.open.size ?? 0) > 0,
    giveUp: (socket, say) => {
      const known = connections.get(socket);
      if (known?.isGivenUp === true) return;
      if (known !== undefined) known.isGivenUp = true;
      const answers = [...(known?.open ?? [])].filter(isCertain);
      void Promise.all(answers.map(closed)).then(() => {
        const newest = known?.newest ?? null;
        const wasAnswered = newest !== null && !newest.req.complete && newest.headersSent;
        if (!socket.writable || wasAnswered) socket.destroy();
        else say();
      });
    },
  };
};
