/** What several fields come to together, or which of them is wrong. The message goes on from the field's name. */
export type Settled<Value> =
  | { readonly kind: "settled"; readonly value: Value }
  | { readonly kind: "refused"; readonly field: string; readonly message: string };

export const settled = <Value>(value: Value): Settled<Value> => ({ kind: "settled", value });

export const refused = (field: string, message: string): Settled<never> => ({ kind: "refused", field, message });

/** What a field becomes: absent it stays, and null resets it. */
export const after = <Value>(sent: Value | null | undefined, now: Value | null): Value | null =>
  sent === undefined ? now : sent;
