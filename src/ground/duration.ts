const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** `90s`, `10m`, `8h`, `3d` in seconds; null if it is no such text. */
export function parseDuration(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*([smhd])$/i.exec(text.trim());
  if (!match?.[1] || !match[2]) return null;
  const unit = match[2].toLowerCase();
  if (unit !== 's' && unit !== 'm' && unit !== 'h' && unit !== 'd') return null;
  return Number(match[1]) * SECONDS[unit];
}
