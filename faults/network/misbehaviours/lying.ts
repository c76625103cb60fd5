import type { Misbehaviour, Outcome } from "./misbehaviour.ts";
import { saying, speakingHttp } from "./speak.ts";

const succeeded: Outcome = { status: 200, code: null };
const noHttp: Outcome = { status: null, code: "protocol" };
const refused = (status: number): Outcome => ({ status, code: "status" });

const head = "HTTP/1.1 200 OK\r\n";

/** Retry-After as nobody should write it. None of them may keep a delivery back for longer than its schedule does. */
const absurdWaits = ["-1", "1e400", "soon", "99999999999999999999", "0x10", "Thu, 01 Jan 1970 00:00:00 GMT", "", "1.5"];

/** Statuses that say no, with a wait that means nothing. */
const refusing = (status: number): Misbehaviour => {
  let answers = 0;
  return {
    name: `answers ${status} and to try again in an absurd time`,
    outcomes: [refused(status)],
    onConnection: speakingHttp((_request, response) => {
      response.writeHead(status, { "retry-after": absurdWaits[answers % absurdWaits.length] }).end();
      answers += 1;
    }),
  };
};

const redirecting = (status: number, to: string): Misbehaviour => ({
  name: `redirects with ${status} to ${new URL(to).hostname}`,
  outcomes: [refused(status)],
  onConnection: speakingHttp((_request, response) => void response.writeHead(status, { location: to }).end()),
});

/** Receivers whose answers are not what they seem. `trap`: a URL that nothing may ever be sent to. */
export const lyingReceivers = (trap: string): readonly Misbehaviour[] => [
  {
    name: "says that its answer is longer than it is",
    outcomes: [succeeded],
    onConnection: saying(`${head}content-length: 1000\r\n\r\nshort`, (socket) => void socket.end()),
  },
  {
    name: "says that its answer is shorter than it is",
    outcomes: [succeeded],
    onConnection: saying(`${head}content-length: 2\r\n\r\n${"longer".repeat(100)}`),
  },
  {
    name: "answers twice",
    // The second one may come while the next request is already on its way: it is taken for the answer to that.
    outcomes: [succeeded, refused(500)],
    onConnection: speakingHttp(({ socket }) => {
      socket.write(`${head}content-length: 0\r\n\r\nHTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n`);
    }),
  },
  {
    name: "answers before it was asked",
    outcomes: [succeeded, noHttp, { status: null, code: "reset" }],
    onConnection: (socket) => void socket.write(`${head}connection: close\r\ncontent-length: 0\r\n\r\n`),
  },
  {
    name: "gives two lengths",
    outcomes: [noHttp],
    onConnection: saying(`${head}content-length: 1\r\ncontent-length: 2\r\n\r\nab`),
  },
  { name: "speaks SSH", outcomes: [noHttp], onConnection: saying("SSH-2.0-OpenSSH_9.9\r\n") },
  { name: "speaks TLS where none is expected", outcomes: [noHttp], onConnection: saying("\x15\x03\x01\0\x02\x02\x46") },
  { name: "answers with a request", outcomes: [noHttp], onConnection: saying("GET / HTTP/1.1\r\nhost: a\r\n\r\n") },
  {
    name: "answers with the status 000",
    outcomes: [{ status: null, code: "reset" }],
    onConnection: saying("HTTP/1.1 000 Nothing\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"),
  },
  {
    name: "answers with the status 999",
    outcomes: [refused(999)],
    onConnection: saying("HTTP/1.1 999 Much\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"),
  },
  {
    name: "switches to another protocol",
    outcomes: [noHttp],
    onConnection: saying("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"),
  },
  {
    name: "answers with bytes that are no text",
    outcomes: [succeeded],
    onConnection: saying(`${head}connection: close\r\nx-odd: \xff\xfe\r\ncontent-length: 4\r\n\r\n\0\xff\xc3\x28`),
  },
  refusing(503),
  redirecting(302, "http://169.254.169.254/latest/meta-data/"),
  redirecting(307, trap),
  redirecting(308, trap.replace("http:", "https:")),
];
