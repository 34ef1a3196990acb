// How fast rows are read and written, beside the CSV parser alone, in one run. Needs `npm run build`.
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse';
import { stringify } from 'csv-stringify/sync';
import { openIntake } from '../../dist/intake/open-intake.js';
import { ticketMaker } from '../../dist/intake/to-ticket.js';
import { rowText } from '../../dist/output/row-text.js';
import { classify } from '../../dist/pipeline.js';
import { loadPlaybook, playbookFolder } from '../../dist/playbook/load-playbook.js';

const ROWS = 100_000;
const ROUNDS = 3;

const folder = await mkdtemp(join(tmpdir(), 'bench-'));
const path = join(folder, 'tickets.csv');
const playbook = await loadPlaybook(playbookFolder('support'));
await writeFile(path, tickets());
const { size } = await stat(path);

const ways = {
  'csv-parse alone': parserAlone,
  'rows read': rowsRead,
  'rows read, tickets made': ticketsMade,
  'the whole without calls': wholeJourney,
};
const times = new Map(Object.keys(ways).map((name) => [name, []]));
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, way] of Object.entries(ways)) {
    const start = performance.now();
    const rows = await way();
    if (rows !== ROWS) throw new Error(`${name}: ${rows} rows instead of ${ROWS}`);
    times.get(name).push((performance.now() - start) / 1000);
  }
}
console.log(`${ROWS} rows, ${(size / 1e6).toFixed(0)} MB, median of ${ROUNDS}`);
const base = median(times.get('csv-parse alone'));
for (const [name, seconds] of times) {
  const time = median(seconds);
  const figures = [
    `${Math.round(ROWS / time)} rows/s`,
    `${(size / 1e6 / time).toFixed(1)} MB/s`,
    `${(time / base).toFixed(2)} times csv-parse`,
  ];
  console.log(`${name.padEnd(26)} ${figures.join('   ')}`);
}
await rm(folder, { recursive: true });

function tickets() {
  const rows = Array.from({ length: ROWS }, (_, at) => [
    `T-${at}`,
    `Charged twice for order ${at}`,
    `Hello,\n\nmy card was charged twice for order ${at}. ${'Please look into it, thank you. '.repeat(15)}`,
    at % 3 === 0 ? 'enterprise' : 'standard',
  ]);
  return stringify([['id', 'subject', 'body', 'account_tier'], ...rows]);
}

async function parserAlone() {
  let rows = -1;
  for await (const _ of createReadStream(path).pipe(parse())) rows++;
  return rows;
}

function open() {
  const options = {
    format: null,
    encoding: null,
    delimiter: null,
    subjectOnly: false,
    isDropped: null,
    isForTable: false,
  };
  return openIntake({ files: [path], columns: {}, ...options }, process.stdin);
}

function maker({ found, shape }) {
  const settings = { playbook, flags: { cutQuotes: false } };
  return ticketMaker(settings, { columns: found.columns, header: shape.names });
}

async function rowsRead() {
  let rows = 0;
  for await (const _ of (await open()).rows) rows++;
  return rows;
}

async function ticketsMade() {
  const intake = await open();
  const toTicket = maker(intake);
  let rows = 0;
  for await (const row of intake.rows) if (toTicket(row).body) rows++;
  return rows;
}

/** Every ticket is answered at once, with one and the same answer. */
async function wholeJourney() {
  const intake = await open();
  const labels = Object.fromEntries(
    Object.entries(playbook.labels).map(([field, list]) => [field, list[0].name]),
  );
  const confidence = { team: 0.9, ticket_type: 0.9, urgency: 0.9, sentiment: 0.9 };
  const usage = { input: 700, cacheRead: 7000, cacheWrite: 0, output: 120 };
  const paid = { usage, cost: 4_000_000, latencyMs: 900, answeredAt: '2026-11-02T10:00:00.000Z' };
  const sent = {
    model: 'none',
    attempts: 1,
    unknown: 0,
    unknownCost: 0,
    requestId: null,
    simulated: true,
    reused: false,
    shared: false,
    key: null,
  };
  const said = {
    labels,
    confidence,
    summary: 'Charged twice.',
    routingReason: 'A duplicate charge.',
  };
  const answer = { kind: 'valid', ...said, ...paid, ...sent };
  const text = rowText({
    format: 'csv',
    shape: intake.shape,
    prefix: 'ai_',
    playbook: playbook.identity,
    excel: false,
  });
  let rows = 0;
  const stations = {
    toTicket: maker(intake),
    ask: async () => answer,
    memory: { recall: () => ({ past: null, kept: null }), record: () => {}, answerTo: () => null },
    playbook,
    firstPerTicket: false,
    stop: new AbortController(),
  };
  for await (const routed of classify(intake.rows, stations)) if (text.row(routed)) rows++;
  return rows;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
