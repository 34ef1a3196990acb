// Money in half nano-dollars, the smallest whole unit of every price; and as text.

const HALF_NANOS_PER_DOLLAR = 2_000_000_000;

/** Rounded to the whole unit that costs are counted in. */
export function halfNanosOf(dollars: number): number {
  return Math.round(dollars * HALF_NANOS_PER_DOLLAR);
}

/** Exact dollars: no exponent, no trailing zeros. Takes whole numbers from 0 up. */
export function usd(halfNanos: number): string {
  const dollars = Math.floor(halfNanos / HALF_NANOS_PER_DOLLAR);
  const tenthNanos = (halfNanos % HALF_NANOS_PER_DOLLAR) * 5;
  const decimals = String(tenthNanos).padStart(10, '0').replace(/0+$/, '');
  return decimals === '' ? String(dollars) : `${dollars}.${decimals}`;
}

const cents = new Intl.NumberFormat('en-US', {
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
});
const belowCents = new Intl.NumberFormat('en-US', {
  minimumSignificantDigits: 2,
  maximumSignificantDigits: 3,
});

/** Dollars for people: cents, and below ten cents two or three digits that say something. */
export function roundedUsd(halfNanos: number): string {
  const dollars = halfNanos / HALF_NANOS_PER_DOLLAR;
  const format = dollars === 0 || dollars >= 0.1 ? cents : belowCents;
  return `$${format.format(dollars)}`;
}
