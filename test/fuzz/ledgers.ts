// A good ledger in, and out comes what editors, full disks and other programs leave of one.

import * as fc from 'fast-check';

export interface Damage {
  name: string;
  /** Whether every answer is still there to be read. */
  isHarmless: boolean;
  damage: (ledger: string) => string;
}

type Line = Record<string, unknown>;

const VALUES: unknown[] = [null, '', 'x', -1, 0.5, 1e308, true, [], {}, [null], '1e308'];

/** Each of an answer's line. */
const FIELDS = [
  'kind',
  'key',
  'text',
  'model',
  'time',
  'language',
  'status',
  'team',
  'team_confidence',
  'urgency',
  'urgency_confidence',
  'summary',
  'routing_reason',
  'input_tokens',
  'output_tokens',
  'cost_usd',
  'latency_ms',
  'attempts',
  'unknown_cost_at_most_usd',
  'request_id',
  'via',
];

const harmless: fc.Arbitrary<Damage> = fc.constantFrom<Damage>(
  { name: 'none', isHarmless: true, damage: (ledger) => ledger },
  { name: 'CRLF', isHarmless: true, damage: (ledger) => ledger.replaceAll('\n', '\r\n') },
  { name: 'blank lines', isHarmless: true, damage: (ledger) => ledger.replaceAll('\n', '\n\n') },
  {
    name: 'every line twice',
    isHarmless: true,
    damage: (ledger) => ledger.replaceAll(/.+\n/g, (line) => line + line),
  },
  {
    name: 'a torn line at the end',
    isHarmless: true,
    damage: (ledger) => `${ledger}{"kind":"answer","key":"12`,
  },
  {
    name: 'lines of other kinds',
    isHarmless: true,
    damage: (ledger) => `${ledger}null\n[]\n7\n"x"\n{"kind":"news"}\nnot JSON\n{}\n\0\n`,
  },
);

const edited: fc.Arbitrary<Damage> = fc
  .record({
    field: fc.constantFrom(...FIELDS),
    value: fc.oneof(fc.constantFrom(...VALUES), fc.constant(undefined)),
    at: fc.nat(40),
  })
  .map(({ field, value, at }) => ({
    name: `line ${at}: ${field} is ${JSON.stringify(value)}`,
    isHarmless: false,
    damage: (ledger) =>
      eachLine(ledger, (line, place) => (place === at ? { ...line, [field]: value } : line)),
  }));

const cut: fc.Arbitrary<Damage> = fc
  .record({
    from: fc.double({ min: 0, max: 1, noNaN: true }),
    bytes: fc.integer({ min: 1, max: 400 }),
  })
  .map(({ from, bytes }) => ({
    name: `${bytes} characters gone at ${from}`,
    isHarmless: false,
    damage(ledger) {
      const start = Math.floor(from * ledger.length);
      return ledger.slice(0, start) + ledger.slice(start + bytes);
    },
  }));

const torn: fc.Arbitrary<Damage> = fc.double({ min: 0, max: 1, noNaN: true }).map((share) => ({
  name: `torn at ${share}`,
  isHarmless: false,
  damage: (ledger) => ledger.slice(0, share * ledger.length),
}));

const lineEnds: fc.Arbitrary<Damage> = fc.constant({
  name: 'CR',
  isHarmless: false,
  damage: (ledger) => ledger.replaceAll('\n', '\r'),
});

export const damages: fc.Arbitrary<Damage[]> = fc.array(
  fc.oneof(harmless, { weight: 3, arbitrary: edited }, cut, torn, lineEnds),
  { minLength: 1, maxLength: 2 },
);

/** Changes lines other than the header. */
function eachLine(ledger: string, change: (line: Line, place: number) => Line): string {
  const [header = '', ...lines] = ledger.split('\n');
  const changed = lines.map((line, place) => {
    try {
      return line === '' ? line : JSON.stringify(change(JSON.parse(line), place));
    } catch {
      return line;
    }
  });
  return [header, ...changed].join('\n');
}
