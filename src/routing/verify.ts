import type { Headers } from "../lib/headers.ts";
import type { Verdict } from "../providers/verdict.ts";
import { verify } from "../providers/verify.ts";
import type { IngestVia } from "./ingest-url.ts";
import type { RoutedSource } from "./table.ts";

/** Seconds that a preset's signatures stay fresh, by the preset's name, where it is not the preset's own. 0: for ever. */
export type Tolerances = Readonly<Record<string, number>>;

/**
 * Verifies a request with the secrets that its source has at `secretsAtMs`, as if it came at `nowMs`. Null when this
 * process cannot tell: it cannot open the secret, or does not know the provider.
 */
export const verifyFor = (
  { preset, urls, secretsAt }: Pick<RoutedSource, "preset" | "urls" | "secretsAt">,
  request: {
    /** Which of the source's URLs was called. */
    readonly via: IngestVia;
    readonly method: string;
    readonly headers: Headers;
    readonly query: string;
    readonly body: Uint8Array;
  },
  at: { readonly secretsAtMs: number; readonly nowMs: number },
  tolerances: Tolerances,
): Verdict | null => {
  const secrets = secretsAt(at.secretsAtMs);
  if (preset === null || secrets.kind === "unreadable") return null;
  const url = urls[request.via];
  const toleranceSeconds = tolerances[preset.name];
  return verify(preset.verification, {
    ...request,
    url: request.query === "" ? url : `${url}?${request.query}`,
    secrets: secrets.secrets,
    nowMs: at.nowMs,
    ...(toleranceSeconds === undefined ? {} : { toleranceSeconds }),
  });
};
