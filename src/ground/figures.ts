// Numbers in; numbers as people read them out.
const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 3 });

/** `1,234,567`. */
export function thousands(value: number): string {
  return grouped.format(value);
}

/** `1 ticket`, `1,234 tickets`. */
export function plural(count: number, noun: string): string {
  return `${thousands(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** `7.7/s`, `87/s`. */
export function perSecond(rate: number): string {
  return `${rate < 9.95 ? rate.toFixed(1) : thousands(rate)}/s`;
}

/** `99,999`, then `123K`, `1.23M`: never wider than six characters up to a million billions. */
export function compact(value: number): string {
  return value < 100_000 ? grouped.format(value) : short.format(value);
}

/** `41 %`, with a decimal near both ends, so that not quite all never reads as all. */
export function percent(share: number | null): string {
  if (share === null) return '–';
  if (share > 0 && share < 0.001) return '< 0.1 %';
  const fine = Math.abs(share) < 0.0995 || (share > 0.99 && share < 1);
  const value = fine ? Math.floor(share * 1_000 + 0.5) / 10 : Math.round(share * 100);
  return `${share < 1 ? Math.min(value, 99.9) : value} %`;
}

/** `0.8 s`, `45 s`, `2 min 11 s`, `1 h 05 min`, `3 d 04 h`. */
export function span(seconds: number): string {
  if (seconds < 9.95) return `${Math.round(seconds * 10) / 10} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return two(Math.floor(whole / 60), 'min', whole % 60, 's');
  const minutes = Math.round(whole / 60);
  if (minutes < 24 * 60) return two(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  const hours = Math.round(minutes / 60);
  return two(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

/** An SLA as `15 min`, `8 h`, `1 h 30 min`; in hours however long, as contracts have it. */
export function promise(minutes: number): string {
  if (minutes < 60) return `${minutes} min`;
  return two(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
}

function two(large: number, largeUnit: string, small: number, smallUnit: string): string {
  const rest = small === 0 ? '' : ` ${String(small).padStart(2, '0')} ${smallUnit}`;
  return `${large} ${largeUnit}${rest}`;
}
