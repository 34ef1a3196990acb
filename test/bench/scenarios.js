// What the bench runs, as data. Limits and failures are the simulator's own words for them.

/** Mean milliseconds of an answer; each takes half of it to one and a half. */
const USUAL = 300;

const PLENTY = { requestsPerMinute: 1_200 };
const FALLING = { requestsPerMinute: 2_400 };
const FALLEN = { requestsPerMinute: 600 };

/**
 * Each phase holds from so many seconds after the first request on. A target is what this program must
 * reach: `share` of the ideal and `cpu` in times the plain script's, `refused` at most.
 */
export const SCENARIOS = [
  {
    number: 1,
    name: 'steady 300 ms, 50 at once',
    tickets: 10_000,
    latency: USUAL,
    phases: [{ from: 0 }],
    target: { share: 0.95, lost: 0, writes: 1 },
  },
  {
    number: 2,
    name: '1,200 requests a minute, told in headers',
    tickets: 800,
    latency: USUAL,
    phases: [{ from: 0, limits: PLENTY }],
    target: { share: 0.95, refused: 0.01, lost: 0 },
  },
  {
    number: 3,
    name: '1,200 requests a minute, untold',
    tickets: 800,
    latency: USUAL,
    phases: [{ from: 0, limits: { ...PLENTY, headers: false } }],
    target: { share: 0.9, refused: 0.04, lost: 0 },
  },
  {
    number: 4,
    name: '2,400 a minute, 600 from 10 s to 20 s, told',
    tickets: 1_100,
    latency: USUAL,
    phases: [
      { from: 0, limits: FALLING },
      { from: 10, limits: FALLEN },
      { from: 20, limits: FALLING },
    ],
    target: { share: 0.85, lost: 0 },
  },
  {
    number: 4,
    name: 'the same, untold',
    tickets: 1_100,
    latency: USUAL,
    phases: [
      { from: 0, limits: { ...FALLING, headers: false } },
      { from: 10, limits: { ...FALLEN, headers: false } },
      { from: 20, limits: { ...FALLING, headers: false } },
    ],
    target: { share: 0.85, lost: 0 },
  },
  {
    number: 5,
    name: '10 % 529, 2 % dropped, 1 % malformed',
    tickets: 4_000,
    latency: USUAL,
    phases: [
      {
        from: 0,
        failures: [
          { what: 'overloaded', rate: 0.1 },
          { what: 'dropped_before', rate: 0.01 },
          { what: 'dropped_after', rate: 0.01 },
          { what: 'truncated_json', rate: 0.01 },
        ],
      },
    ],
    target: { lost: 0, triage: 0 },
  },
  {
    number: 6,
    name: 'no latency',
    tickets: 10_000,
    latency: 0,
    phases: [{ from: 0 }],
    target: { cpu: 1.3, lost: 0 },
  },
  {
    number: 7,
    name: '10,000 rows, for memory',
    tickets: 10_000,
    latency: 0,
    phases: [{ from: 0 }],
    target: { lost: 0 },
  },
  {
    number: 7,
    name: '100,000 rows, for memory',
    tickets: 100_000,
    latency: 0,
    phases: [{ from: 0 }],
    target: { lost: 0, moreMemory: 20 },
  },
  {
    number: 8,
    name: 'nothing but 529 for 60 s',
    tickets: 1_500,
    latency: USUAL,
    phases: [
      { from: 0, failures: [{ what: 'overloaded' }] },
      { from: 60, failures: [] },
    ],
    target: { lost: 0, triage: 0 },
  },
  {
    number: 9,
    name: '144,000 output tokens a minute bind first',
    tickets: 900,
    latency: USUAL,
    phases: [{ from: 0, limits: { requestsPerMinute: 4_000, outputTokensPerMinute: 144_000 } }],
    target: { share: 0.95, refused: 0.01, lost: 0 },
  },
];

/** Calls in the air at once, for both programs. */
export const CAP = 50;
