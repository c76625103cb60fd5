/** Opens many connections to an ingest URL, sends the head and a little of the body on each, and says so. */
import { connect } from "node:net";

const [url, countText] = process.argv.slice(2);
const { hostname, port, pathname } = new URL(url!);
const count = Number(countText);
const head =
  `POST ${pathname} HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\n` +
  `content-length: 200000\r\n\r\n${"x".repeat(100)}`;

/** Connections that are being opened at once: more would overflow the listener's queue. */
const openingMax = 200;

const open = (): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(head, () => resolve()));
    socket.once("error", reject);
  });

let opened = 0;
await Promise.all(
  Array.from({ length: openingMax }, async () => {
    while (opened < count) {
      opened += 1;
      await open();
    }
  }),
);
process.stdout.write(`open ${count}\n`);
