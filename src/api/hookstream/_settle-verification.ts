import { describeVerification } from "../../providers/describe-verification.ts";
import { readVerification } from "../../providers/own-verification.ts";
import type { Scheme } from "../../providers/scheme.ts";
import type { Verification } from "../../routing/source.ts";
import { after, refused, settled, type Settled } from "./_settled.ts";

/** How a source verifies before a request. One that is yet to be made does not. */
export type VerificationNow = {
  /** What its template says. */
  readonly base: Scheme;
  readonly isFromTemplate: boolean;
  readonly own: Verification | null;
  readonly hasSecret: boolean;
  readonly isEnabled: boolean;
};

/** What a request says of it. Absent: nothing. Null: as if it had never been said. */
export type VerificationSent = {
  readonly enabled?: boolean | null | undefined;
  readonly type?: string | null | undefined;
  readonly secret?: string | null | undefined;
  readonly header?: string | null | undefined;
  readonly config?: string | null | undefined;
};

/** How it verifies from then on. */
export type SettledVerification = { readonly verification: Verification | null; readonly requireSignature: boolean };

const said = (value: string | null | undefined): boolean => value !== undefined && value !== null;

/** Type or header, sent without a config, take the place of all that a template says. */
const ownAfter = ({ own, isFromTemplate }: VerificationNow, sent: VerificationSent): Verification | null => {
  const type = after(sent.type, own?.type ?? null);
  const header = after(sent.header, own?.header ?? null);
  const replaces = isFromTemplate && (said(sent.type) || said(sent.header));
  const config = replaces ? (sent.config ?? null) : after(sent.config, own?.config ?? null);
  return type === null && header === null && config === null ? null : { type, header, config };
};

/** Whether anything says how to verify; or what is wrong with it. */
const isKnown = (own: Verification | null, base: Scheme): Settled<boolean> => {
  if (own === null || (own.type === null && describeVerification(base) === null)) {
    return settled(describeVerification(base) !== null);
  }
  const read = readVerification(own, base);
  return read.kind === "scheme" ? settled(true) : refused(read.field, read.message);
};

/**
 * Verification is on as soon as type and secret are there, unless it is said otherwise. It never goes off by itself: who
 * takes the secret away says that nothing is to be verified any more.
 */
export const settleVerification = (now: VerificationNow, sent: VerificationSent): Settled<SettledVerification> => {
  const verification = ownAfter(now, sent);
  const known = isKnown(verification, now.base);
  if (known.kind === "refused") return known;
  if (sent.enabled === false) return settled({ verification, requireSignature: false });
  if (sent.enabled === true && !known.value) return refused("verification_type", "is required to verify");
  const hasSecret = sent.secret === undefined ? now.hasSecret : sent.secret !== null;
  if (!hasSecret && (sent.enabled === true || said(sent.type) || (now.isEnabled && now.hasSecret))) {
    return refused("verification_secret", "is required to verify");
  }
  const before = isKnown(now.own, now.base);
  const wasComplete = now.hasSecret && before.kind === "settled" && before.value;
  const completes = known.value && hasSecret && !wasComplete;
  return settled({ verification, requireSignature: sent.enabled ?? (completes || now.isEnabled) });
};
