// This program beside a plain script, against the simulator: `npm run bench [-- <number> …]`, with
// `--rounds <n>` for other than three. `-- intake` and `-- ledger` run the benches of these parts.
import { parseArgs } from 'node:util';
import { measure, PROGRAMS } from './measure.js';
import { SCENARIOS } from './scenarios.js';
import { header, rowsOf } from './table.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '3' } },
});
const [part] = positionals;
if (part === 'intake' || part === 'ledger') await import(`./${part}.js`);
else await compare(positionals.map(Number), Number(values.rounds));

async function compare(numbers, rounds) {
  const chosen = SCENARIOS.filter(({ number }) => numbers.length === 0 || numbers.includes(number));
  if (chosen.length === 0) throw new Error(`there is no scenario ${numbers.join(', ')}`);
  console.log(header(rounds));
  const before = new Map();
  for (const scenario of chosen) {
    const runs = new Map(Object.keys(PROGRAMS).map((program) => [program, []]));
    for (let round = 0; round < rounds; round++) {
      for (const [program, list] of runs) list.push(await measure(scenario, program));
    }
    const medians = new Map([...runs].map(([program, list]) => [program, medianOf(list)]));
    console.log(rowsOf(scenario, medians, before.get(scenario.number)));
    before.set(scenario.number, medians);
  }
}

/** Each figure's own. */
function medianOf(runs) {
  return Object.fromEntries(
    Object.keys(runs[0]).map((name) => {
      const sorted = runs.map((run) => run[name]).toSorted((a, b) => a - b);
      return [name, sorted[Math.floor(sorted.length / 2)]];
    }),
  );
}
