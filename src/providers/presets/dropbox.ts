import type { Preset } from "../preset.ts";

export const preset: Preset = {
  name: "dropbox",
  title: "Dropbox",
  docsUrl: "https://www.dropbox.com/developers/reference/webhooks",
  verification: {
    kind: "hmac",
    algorithm: "sha256",
    encoding: "hex",
    header: "x-dropbox-signature",
    form: { kind: "plain", prefix: "" },
    timestamp: null,
    signed: ["body"],
  },
  eventType: null,
  deliveryId: null,
  ownHeaders: ["x-dropbox-signature"],
  handshake: { kind: "query_challenge", parameter: "challenge" },
  sample: {
    headers: [["content-type", "application/json"]],
    body: JSON.stringify({
      list_folder: { accounts: ["dbid:AAH4f99T0taONIb-OurWxbNQ6ywGRopQngc"] },
      delta: { users: [12345678] },
    }),
    eventType: null,
    deliveryId: null,
  },
};
