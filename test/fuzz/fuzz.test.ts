// Generated oddities, and what must hold whatever comes: few here, with a fixed seed; as many as you
// like by `npm run fuzz [count] [seed]`.

import { readFile, writeFile } from 'node:fs/promises';
import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FIELDS } from '../../src/ticket.ts';
import { supportPlaybook } from '../example.ts';
import { jsonLines, sampleItems } from '../ledger/backlog.ts';
import { startSimulator, type Simulator } from '../simulator/faulty-server.ts';
import { isMisnamed, oddInput, type OddInput } from './inputs.ts';
import { damages } from './ledgers.ts';
import { faultsOf, tellsTooLittle, onBench, type Bench, type Run } from './run.ts';
import { obstaclesOf, oddServer, billsAsItSays } from './servers.ts';
import { witness } from './witness.ts';

const isSmall = process.env['FUZZ_COUNT'] === undefined;
const COUNT = Number(process.env['FUZZ_COUNT'] ?? 6);
const SEED = Number(process.env['FUZZ_SEED'] ?? 1);
/** A count of your own may take as long as it takes. */
const HANG_MS = 300_000 + COUNT * 1_000;

const ITEMS = (await sampleItems()).slice(0, 8);
const SAMPLES: OddInput = {
  name: 'in.jsonl',
  bytes: Buffer.from(jsonLines(ITEMS)),
  isJson: true,
  tickets: ITEMS.map(({ id = '', subject = '', body }) => ({ id, subject, body })),
  columns: { subject: 'subject', body: 'body' },
  flags: [],
};
const { labels } = await supportPlaybook();

const PLAIN = { failures: [], obstacles: [], limits: {}, batches: { takesMs: 0 } };

let simulator: Simulator;
/** The clock of the run that is being looked at. */
let now: () => number = Date.now;
const warnings: string[] = [];
const warned = ({ name, message }: Error) => warnings.push(`${name}: ${message}`);
beforeAll(async () => {
  process.on('warning', warned);
  simulator = await startSimulator({ now: () => now() });
});
afterAll(async () => {
  process.off('warning', warned);
  await simulator?.close();
});
beforeEach(() => simulator.set(PLAIN));

/** Requests for answers, and batches of them, so far. */
function asked(): number {
  const { models, batches } = simulator.stats;
  const live = Object.values(models).reduce((all, { requests }) => all + requests, 0);
  return live + batches.created.length;
}

/** Holds for every generated case, or tells the smallest for which it does not. */
async function holds<T>(
  cases: fc.Arbitrary<T>,
  faultsIn: (one: T, bench: Bench) => Promise<string[]>,
): Promise<void> {
  const property = fc.asyncProperty(cases, async (one) => {
    simulator.set(PLAIN);
    warnings.length = 0;
    const faults = await onBench(simulator, (bench) => faultsIn(one, bench));
    // Node tells its warnings a tick later.
    await new Promise((resolve) => setImmediate(resolve));
    expect([...faults, ...warnings]).toEqual([]);
  });
  await fc.assert(property, { numRuns: COUNT, seed: SEED, endOnFailure: isSmall });
}

test(
  'every ticket of an odd file comes out, once and in its place, and is paid for once',
  () =>
    holds(
      isSmall ? oddInput.filter((input) => !isMisnamed(input)) : oddInput,
      async (input, { run }) => {
        const first = await run(input);
        const faults = faultsOf(first, input);
        if (first.code !== 0 && first.code !== 4) faults.push(`${first.code}: ${first.stderr}`);
        if (tellsTooLittle([first])) faults.push('less told than billed');
        const before = asked();
        await run(input);
        if (asked() > before) faults.push('asked again');
        return faults;
      },
    ),
  HANG_MS,
);

test.for<[string, string[]]>([
  ['live', []],
  ['by batch', ['--batch']],
])(
  'whatever a server does, a run ends well, tells its cost and pays nothing twice: %s',
  { timeout: HANG_MS },
  ([, flags]) =>
    holds(oddServer, async (server, { run, clock }) => {
      now = clock.now;
      const { around, again } = witness();
      const { limits } = server;
      const batches = { takesMs: 60_000 };
      simulator.set({ obstacles: around(obstaclesOf(server)), limits, batches });
      const first = await run(SAMPLES, ...flags);
      const faults = faultsOf(first, SAMPLES);

      simulator.set({ ...PLAIN, obstacles: around([]) });
      const second = await run(SAMPLES, ...flags);
      faults.push(...faultsOf(second, SAMPLES).map((fault) => `the second time: ${fault}`));
      // What a batch costs is told by the run that collects it.
      const told = flags.length === 0 ? [first] : [first, second];
      if (billsAsItSays(server) && tellsTooLittle(told)) faults.push('less told than billed');
      if (!second.isWhole) faults.push(`not finished: ${second.code} ${second.stderr}`);
      // What failed in a batch is asked once more; then there is nothing left to ask.
      await run(SAMPLES, ...flags);
      const before = asked();
      await run(SAMPLES, ...flags);
      if (asked() > before) faults.push('asked again the fourth time');
      return [...faults, ...again.map((key) => `paid twice: ${key}`)];
    }),
);

describe('from a damaged ledger', () => {
  let ledger = '';
  beforeAll(async () => {
    now = Date.now;
    await onBench(simulator, async ({ run, ledger: path }) => {
      const { code } = await run(SAMPLES);
      if (code !== 0) throw new Error(`the good run ended with ${code}`);
      ledger = await readFile(path, 'utf8');
    });
  });

  test(
    'nothing is believed that can not be, and nothing intact is asked again',
    () =>
      holds(damages, async (list, { run, ledger: path }) => {
        await writeFile(
          path,
          list.reduce((text, { damage }) => damage(text), ledger),
        );
        const before = asked();
        const first = await run(SAMPLES);
        const faults = [...faultsOf(first, SAMPLES), ...unbelievable(first)];
        if (list.every(({ isHarmless }) => isHarmless)) {
          if (!first.isWhole) faults.push(`refused: ${first.stderr}`);
          if (asked() > before) faults.push('asked what stands there');
        }
        if (!first.isWhole) return faults;
        const between = asked();
        await run(SAMPLES);
        if (asked() > between) faults.push('asked again');
        return faults;
      }),
    HANG_MS,
  );

  test(
    'a ticket that is forgotten is gone from it',
    () =>
      holds(damages, async (list, { command, ledger: path }) => {
        await writeFile(
          path,
          list.reduce((text, { damage }) => damage(text), ledger),
        );
        const { code, stderr } = await command('forget', 'T-1', '--ledger', path);
        const faults = [0, 2, 3, 75].includes(code) ? [] : [`exit code ${code}: ${stderr}`];
        const left = await readFile(path, 'utf8');
        if (code === 0 && left.includes('"T-1"')) faults.push('its name is left');
        return faults;
      }),
    HANG_MS,
  );
});

/** Labels that the playbook has not, and confidences out of range, among the rows. */
function unbelievable({ rows }: Run): string[] {
  return (rows ?? []).flatMap((row) =>
    FIELDS.flatMap((field) => {
      const label = row[`ai_${field}`] ?? '';
      const confidence = Number(row[`ai_${field.replace('ticket_', '')}_confidence`]);
      const isKnown = label === '' || labels[field].some(({ name }) => name === label);
      const isSure = confidence >= 0 && confidence <= 1;
      return isKnown && isSure ? [] : [`${field} ${label} ${confidence}`];
    }),
  );
}
