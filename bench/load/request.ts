import { createHmac } from "node:crypto";

/** The secret that the benchmark's sources and the bare limit verify with. */
export const signingSecret = "a secret of the benchmark alone";

/** The header that carries when a request was due, through the gateway and on to the sink. */
export const dueHeader = "x-bench-due";

/** A request that is written once and sent many times: each time with its own delivery id and time. */
export type PreparedRequest = {
  /** The bytes to send; the next call changes them in place, so the last request must have been answered. */
  stamp(number: number, dueUs: number): Buffer;
};

const dueDigits = 16;
const numberDigits = 12;

/** Most of what GitHub sends are pushes. */
const eventTypes = ["push", "push", "pull_request", "issues"] as const;

/** A JSON body of about 1 KB, as GitHub sends it for a commit. The seed makes bodies differ. */
export const bodyOf = (seed: number): Buffer => {
  const hex = seed.toString(16).padStart(8, "0").repeat(5);
  const body = {
    ref: "refs/heads/main",
    before: hex,
    after: hex.split("").toReversed().join(""),
    repository: { id: seed, full_name: "octocat/hello-world", private: false, default_branch: "main" },
    pusher: { name: "octocat", email: "octocat@example.com" },
    commits: [{ id: hex, message: "", timestamp: "2026-01-01T00:00:00Z", added: ["README.md"], removed: [] }],
  };
  const [commit] = body.commits;
  if (commit !== undefined) commit.message = "lorem ipsum ".repeat(90).slice(0, 1024 - JSON.stringify(body).length);
  return Buffer.from(JSON.stringify(body));
};

/** What GitHub says in `X-Hub-Signature-256`. */
export const signatureOf = (body: Buffer): string =>
  `sha256=${createHmac("sha256", signingSecret).update(body).digest("hex")}`;

/** The headers that come with such a body, in GitHub's manner, with places for what differs each time. */
export const headersOf = (body: Buffer, seed: number): [name: string, value: string][] => [
  ["Host", "127.0.0.1"],
  ["User-Agent", "GitHub-Hookshot/0f1e2d3"],
  ["Accept", "*/*"],
  ["Content-Type", "application/json"],
  ["Content-Length", String(body.length)],
  ["X-GitHub-Event", eventTypes[seed % eventTypes.length] ?? "push"],
  ["X-GitHub-Delivery", `72d3162e-cc78-11e3-81ab-${"0".repeat(numberDigits)}`],
  ["X-GitHub-Hook-ID", "292430182"],
  ["X-Hub-Signature-256", signatureOf(body)],
  [dueHeader, "0".repeat(dueDigits)],
];

/** A `POST` to `path`, written out. */
export const prepareRequest = (path: string, seed: number): PreparedRequest => {
  const body = bodyOf(seed);
  const lines = headersOf(body, seed).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `POST ${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
  const bytes = Buffer.concat([Buffer.from(head), body]);
  const dueAt = head.indexOf(`${dueHeader}: `) + dueHeader.length + 2;
  const numberAt = head.indexOf("81ab-") + 5;
  return {
    stamp: (number, dueUs) => {
      bytes.write(String(dueUs).padStart(dueDigits, "0"), dueAt, "latin1");
      bytes.write(String(number).padStart(numberDigits, "0"), numberAt, "latin1");
      return bytes;
    },
  };
};
