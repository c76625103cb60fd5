import { once } from "node:events";
import { createServer } from "node:net";

import { z } from "zod";

import { quantile } from "../../harness/statistics.ts";
import { nowUs } from "../../harness/time.ts";
import { serveLines } from "../process/line-server.ts";
import { requestReader } from "./reader.ts";
import { deadPath } from "./receiver.ts";

const answer = Buffer.from("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok");

/** Latencies since the last report. Whoever asks for load asks for a report after it, which empties the list. */
let latenciesMs: number[] = [];
let received = 0;

const server = createServer({ noDelay: true }, (socket) => {
  socket.on(
    "data",
    requestReader(({ path, dueUs }) => {
      if (path === deadPath) return;
      received += 1;
      if (dueUs > 0) latenciesMs.push((nowUs() - dueUs) / 1000);
      socket.write(answer);
    }),
  );
  // The gateway closes connections as it likes.
  socket.on("error", () => null);
});
server.listen(0, "127.0.0.1");
await once(server, "listening");

const job = z.enum(["port", "report"]);

serveLines(async (text) => {
  switch (job.parse(z.object({ kind: job }).parse(text).kind)) {
    case "port": {
      const address = server.address();
      return { port: typeof address === "object" && address !== null ? address.port : 0 };
    }
    case "report": {
      const taken = latenciesMs;
      const count = received;
      latenciesMs = [];
      received = 0;
      return { received: count, p50Ms: quantile(taken, 0.5), p99Ms: quantile(taken, 0.99), maxMs: quantile(taken, 1) };
    }
  }
});
