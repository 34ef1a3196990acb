// What remembering costs: calls a second against the simulator at zero latency, with and without a
// ledger, in one run. Needs `npm run build`.
import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askClaude } from '../../dist/claude/ask-claude.js';
import { openBudget } from '../../dist/claude/budget.js';
import { openClient } from '../../dist/claude/client.js';
import { modelFacts } from '../../dist/claude/models.js';
import { realClock } from '../../dist/ground/clock.js';
import { askersFor, textHash } from '../../dist/ground/keys.js';
import { openLedger } from '../../dist/ledger/open-ledger.js';
import { remember } from '../../dist/ledger/remember.js';
import { loadPlaybook, playbookFolder } from '../../dist/playbook/load-playbook.js';

const CALLS = 3_000;
const ROUNDS = 3;

const folder = await mkdtemp(join(tmpdir(), 'bench-'));
const simulator = fork(new URL('simulator.js', import.meta.url));
const url = await new Promise((resolve) => simulator.once('message', resolve));
const playbook = await loadPlaybook(playbookFolder('support'));
const { fast } = playbook.models;

const ways = {
  'without a ledger': (ask) => ({ ask, close: async () => {} }),
  'with a ledger': withLedger,
};
const times = new Map(Object.keys(ways).map((name) => [name, []]));
for (let round = 0; round <= ROUNDS; round++) {
  for (const [name, way] of Object.entries(ways)) {
    const { ask, close } = await way(await live(), round);
    const start = performance.now();
    await Promise.all(Array.from({ length: CALLS }, (_, place) => ask(fast, ticket(place))));
    // The first round warms up.
    if (round > 0) times.get(name).push((performance.now() - start) / 1000);
    await close();
  }
}
simulator.kill();
await rm(folder, { recursive: true });

console.log(`${CALLS} calls at zero latency, 20 at once, median of ${ROUNDS}`);
const base = median(times.get('without a ledger'));
for (const [name, seconds] of times) {
  const time = median(seconds);
  console.log(
    `${name.padEnd(20)} ${Math.round(CALLS / time)} calls/s   ${(base / time).toFixed(2)} of that without`,
  );
}

async function live() {
  const access = { apiKey: 'test', authToken: null, baseURL: url, log: () => {} };
  const client = await openClient({ ...access, concurrency: 20, findProxy: () => null });
  const stop = new AbortController().signal;
  const { ask } = askClaude({
    prefixTokens: () => 0,
    client,
    playbook,
    models: new Map([[fast, modelFacts(fast, undefined)]]),
    concurrency: 20,
    maxWait: { seconds: 600, text: '10m' },
    timeoutSeconds: 60,
    isCapped: false,
    budget: openBudget({
      caps: { perRun: null, perDay: null },
      spentBefore: [],
      now: Date.now,
      stop,
    }),
    clock: realClock,
    note: () => {},
    log: () => {},
    stop,
    leave: stop,
    end: (failure) => {
      throw failure;
    },
    abandoned: () => {},
  });
  return ask;
}

async function withLedger(ask, round) {
  const end = (failure) => {
    throw failure;
  };
  const path = join(folder, `${round}.jsonl`);
  const ledger = await openLedger({ path, simulated: true, failed: end, clock: realClock });
  const askerOf = askersFor(new URL(url).host, playbook);
  const policy = { newerThan: null, retryInvalidBefore: null, otherPlaybook: 'stop' };
  const options = { ledger, playbook, askerOf, policy, end, came: () => {} };
  return { ask: remember(ask, options), close: ledger.close };
}

function ticket(place) {
  const body = `Our card was charged twice for order ${place}.`;
  return {
    place,
    id: `T-${place}`,
    subject: 'Charged twice',
    body,
    accountTier: 'standard',
    language: 'en',
    patterns: [],
    textHash: textHash(body),
  };
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
