/** A number as its shortest text says: `digits` × 10^`exponent`. */
type Decimal = { readonly digits: bigint; readonly exponent: number };

const decimalOf = (value: number): Decimal => {
  const [, sign = "", whole = "0", part = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value)) ?? [];
  return { digits: BigInt(`${sign}${whole}${part}`), exponent: Number(exponent) - part.length };
};

const shifted = ({ digits, exponent }: Decimal, least: number): bigint => digits * 10n ** BigInt(exponent - least);

/** Whether `value` is a whole multiple of `divisor`, both as they are written: 0.0075 is one of 0.0001. */
export const isMultipleOf = (value: number, divisor: number): boolean => {
  if (Number.isSafeInteger(value) && Number.isSafeInteger(divisor)) return value % divisor === 0;
  if (!Number.isFinite(value)) return false;
  const [here, by] = [decimalOf(value), decimalOf(divisor)];
  const least = Math.min(here.exponent, by.exponent);
  return shifted(here, least) % shifted(by, least) === 0n;
};
