/** The main job on real input: `npm run demo`. It exits with 1 when anything is not as it should be. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createApp } from "../src/app.ts";
import { loadConfig } from "../src/config.ts";
import { type Client, createClient } from "./client.ts";
import { type Received, startReceiver } from "./receiver.ts";
import { forgedStripeEvent, githubEvent, type ProviderRequest, shopifyEvent, stripeEvent } from "./senders.ts";
import { hasGenuineSignature, passesStandardWebhooks, passesStripe } from "./verify.ts";

const say = (line = ""): void => {
  process.stdout.write(`${line}\n`);
};

let failures = 0;
const check = (what: string, isTrue: boolean): void => {
  if (!isTrue) failures += 1;
  say(`  ${isTrue ? "✓" : "✗"} ${what}`);
};

const signingSecret = "whsec_demo_signing_secret";
const directory = mkdtempSync(join(tmpdir(), "postern-demo-"));
const loaded = loadConfig({
  DATA_DIR: directory,
  HOST: "127.0.0.1",
  PORT: "0",
  EGRESS_ALLOW: "127.0.0.1",
  DISK_FREE_MIN_BYTES: "0",
  LOG_LEVEL: "error",
});
if (!loaded.ok) throw new Error(loaded.problems.join("\n"));

const receiver = await startReceiver();
const app = await createApp(loaded.config);
const gatewayUrl = `http://127.0.0.1:${app.address.port}`;

type Source = { readonly id: string; readonly slug: string };
type Secrets = { readonly all: string; readonly invoices: string };

const makeKey = async (): Promise<string> => {
  const input = { name: "demo", scopes: ["webhooks:write"], team: null, env: null, expiresAtMs: null };
  const answer = await app.control.run("keys.create", input);
  if (!answer.ok) throw new Error(answer.message);
  const { result } = answer;
  return typeof result === "object" && result !== null && "key" in result ? String(result.key) : "";
};

const makeSource = async (client: Client, provider: string): Promise<Source> => {
  const data = await client.post("/webhooks/sources", {
    name: `${provider} demo`,
    provider,
    signing_secret: signingSecret,
  });
  return { id: String(data["id"]), slug: String(data["slug"]) };
};

const makeDestination = async (client: Client, source: Source, path: string, filter: string[]): Promise<string> => {
  const data = await client.post(`/webhooks/sources/${source.id}/destinations`, {
    url: `${receiver.url}${path}`,
    event_filter: filter,
  });
  return String(data["secret"]);
};

const send = async (source: Source, { headers, body }: ProviderRequest): Promise<number> => {
  const response = await fetch(`${gatewayUrl}/in/${source.slug}`, { method: "POST", headers, body });
  await response.arrayBuffer();
  return response.status;
};

const arrivedAt = (path: string): readonly Received[] => receiver.received.filter((each) => each.path === path);

const typesAt = (path: string): string =>
  arrivedAt(path)
    .map(({ headers }) => String(headers["x-krafter-event"]))
    .toSorted()
    .join(", ");

const showStripe = async (client: Client): Promise<{ source: Source; secrets: Secrets }> => {
  say("Stripe, with two destinations, the second one for invoices only:");
  const source = await makeSource(client, "stripe");
  const all = await makeDestination(client, source, "/all", []);
  const invoices = await makeDestination(client, source, "/invoices", ["invoice.*"]);
  const statuses = [
    await send(source, stripeEvent("invoice.paid", signingSecret)),
    await send(source, stripeEvent("charge.succeeded", signingSecret)),
    await send(source, forgedStripeEvent()),
  ];
  check(`two events and a forgery were answered ${statuses.join(", ")}`, statuses.join() === "200,200,200");
  await receiver.waitFor(3);
  check(`/all got ${typesAt("/all")}`, typesAt("/all") === "charge.succeeded, invoice.paid");
  check(`/invoices got ${typesAt("/invoices")}`, typesAt("/invoices") === "invoice.paid");
  return { source, secrets: { all, invoices } };
};

const showOthers = async (client: Client): Promise<void> => {
  say("GitHub and Shopify:");
  const github = await makeSource(client, "github");
  const githubSecret = await makeDestination(client, github, "/github", []);
  const shopify = await makeSource(client, "shopify");
  const shopifySecret = await makeDestination(client, shopify, "/shopify", []);
  await send(github, githubEvent("pull_request", signingSecret));
  await send(shopify, shopifyEvent("orders/create", signingSecret));
  await receiver.waitFor(5);
  check(`/github got ${typesAt("/github")}`, typesAt("/github") === "pull_request");
  check(`/shopify got ${typesAt("/shopify")}`, typesAt("/shopify") === "orders/create");
  const genuine =
    arrivedAt("/github").every((each) => hasGenuineSignature(each, githubSecret)) &&
    arrivedAt("/shopify").every((each) => hasGenuineSignature(each, shopifySecret));
  check("both verify with the ten lines of the README", genuine);
};

const showProofs = ({ all, invoices }: Secrets): void => {
  say("What the receiver can check of the Stripe events:");
  const ofAll = arrivedAt("/all");
  check(
    "x-krafter-signature, with ten lines of its own",
    ofAll.every((each) => hasGenuineSignature(each, all)),
  );
  check(
    "webhook-signature, with the standardwebhooks package",
    ofAll.every((each) => passesStandardWebhooks(each, all)),
  );
  check(
    "stripe-signature, with the stripe package",
    ofAll.every((each) => passesStripe(each, signingSecret)),
  );
  check(
    "none of them with another destination's secret",
    !ofAll.some((each) => hasGenuineSignature(each, invoices) || passesStandardWebhooks(each, invoices)),
  );
};

type Listed = { readonly id: string; readonly event_type: string | null; readonly signature_valid: boolean };

const showReplay = async (client: Client, source: Source): Promise<void> => {
  say("What is stored, and what is sent again:");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the API's own answer, as its documentation shows it
  const events = (await client.get(`/webhooks/sources/${source.id}/events`)) as Listed[];
  for (const { event_type, signature_valid } of events) say(`    ${event_type}, signature_valid: ${signature_valid}`);
  check("the forgery is stored, as invalid", events.filter((event) => !event.signature_valid).length === 1);
  const charge = events.find((event) => event.event_type === "charge.succeeded");
  const replay = await client.post(`/webhooks/sources/${source.id}/events/${charge?.id}/replay`);
  check(`the charge was queued again for ${String(replay["replayed_to"])} destination`, replay["replayed_to"] === 1);
  await receiver.waitFor(6);
  const [first, second] = arrivedAt("/all").filter(({ headers }) => headers["x-krafter-event"] === "charge.succeeded");
  check("it came again with the same bytes", first !== undefined && first.body === second?.body);
  check(
    "and the same webhook-id, so it can be dropped",
    first?.headers["webhook-id"] === second?.headers["webhook-id"],
  );
};

try {
  const client = createClient(gatewayUrl, await makeKey());
  const { source, secrets } = await showStripe(client);
  await showOthers(client);
  showProofs(secrets);
  await showReplay(client, source);
  say(failures === 0 ? "\nEverything arrived as it should." : `\n${failures} checks failed.`);
} finally {
  await app.stop("demo is over");
  receiver.close();
  rmSync(directory, { recursive: true, force: true });
}
process.exitCode = failures === 0 ? 0 : 1;
