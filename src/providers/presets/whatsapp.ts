import type { Preset } from "../preset.ts";
import { preset as meta } from "./meta.ts";

/** Signed and subscribed to as all of Meta's webhooks are. */
export const preset: Preset = {
  ...meta,
  name: "whatsapp",
  title: "WhatsApp Business",
  sample: {
    headers: [["content-type", "application/json"]],
    body: JSON.stringify({
      object: "whatsapp_business_account",
      entry: [
        {
          id: "102290129340398",
          changes: [
            {
              field: "messages",
              value: {
                messaging_product: "whatsapp",
                messages: [{ id: "wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQzQTRBNjU5OUFFRTAzODEwMTQ0RgA=", type: "text" }],
              },
            },
          ],
        },
      ],
    }),
    eventType: "whatsapp_business_account",
    deliveryId: null,
  },
};
