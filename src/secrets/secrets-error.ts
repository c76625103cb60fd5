/**
 * Why the secrets cannot be used.
 *
 * - `key_file`: the key file is missing, damaged, or open to others.
 * - `wrong_keys`: the keys are not those of this store.
 * - `nodes_without_key`: other nodes run with other keys.
 */
export type SecretsErrorCode = "key_file" | "wrong_keys" | "nodes_without_key";

/** The gateway must not start: it could open no secret, or would make more that others cannot open. */
export class SecretsError extends Error {
  override readonly name = "SecretsError";
  readonly code: SecretsErrorCode;

  constructor(code: SecretsErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
