import { appendFile, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { halfNanosOf, roundedUsd } from '../../src/ground/money.ts';
import { lockFile } from '../../src/ground/lock.ts';
import { textWidth } from '../../src/ground/text-table.ts';
import { startSimulator, type Simulator } from '../simulator/faulty-server.ts';
import { envOf, fails, ok, program } from '../program.ts';

let simulator: Simulator;
let ledger: string;
beforeEach(async () => {
  simulator = await startSimulator();
  ledger = join(await mkdtemp(join(tmpdir(), 'history-')), 'ledger.jsonl');
});
afterEach(() => simulator.close());

async function classify(rows: string): Promise<void> {
  const world = { env: envOf(simulator), stdin: `id,body\n${rows}` };
  const { code, stderr } = await program(['-', '--ledger', ledger], world);
  expect([0, 4], stderr).toContain(code);
}

async function ledgerLines(): Promise<Record<string, unknown>[]> {
  const text = await readFile(ledger, 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const history = (id: string, ...flags: string[]) =>
  ok(['history', id, '--ledger', ledger, ...flags]);

test('tells every verdict on a ticket, oldest first, and what changed', async () => {
  await classify('T-1,I was charged twice\nT-2,Where is my invoice?\n');
  await classify('T-1,I was charged twice.\n');
  await classify('T-1,Delete all my data under the GDPR\n');
  await classify('T-1,\n');
  const told = await history('T-1');
  expect(told).toMatch(/^T-1: 4 verdicts\n\nwhen \(UTC\) +verdict +cost\n/);
  expect(told).not.toContain('invoice');
  const [first = '', second = '', third = '', fourth = ''] = told.split(/^(?=\d{4}-)/m).slice(1);
  expect(first).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d {2}billing-\w+ +\$0\.0\d+\n/);
  expect(first).toMatch(/^ {18}billing, billing_dispute, \w+, \w+\n {18}simulated\/claude-haiku/m);
  expect(first).not.toContain('changed');
  expect(second).toMatch(/^ {18}\* the text had changed$/m);
  expect(third).toMatch(/^ {18}\* the text had changed; the queue was billing-\w+$/m);
  expect(third).toMatch(/simulated\/claude-sonnet-4-6\n {18}escalated: pattern privacy-law/);
  expect(fourth).toMatch(/^[^*]+needs-human-triage +\$0\.00\n[^]+ {18}for a human: empty\n$/);
});

test('the cost is that of all answers behind the verdict', async () => {
  await classify('T-1,I was charged twice\n');
  const lines = await ledgerLines();
  const paid = lines.filter(({ kind }) => kind === 'answer').map(({ cost_usd: cost }) => cost);
  expect(paid).toHaveLength(1);
  expect(await history('T-1')).toContain(` ${roundedUsd(halfNanosOf(Number(paid[0])))}\n`);
  const known = lines.filter(({ kind }) => kind !== 'answer');
  await writeFile(ledger, known.map((line) => `${JSON.stringify(line)}\n`).join(''));
  expect(await history('T-1')).toMatch(/ unknown\n/);
});

test('as JSON: all fields of the ledger, and the answers behind each verdict', async () => {
  await classify('T-1,I was charged twice\n');
  const [, answer, verdict] = await ledgerLines();
  const again = { ...answer, request_id: 'second', cost_usd: 1 };
  const escalated = { ...verdict, queue: 'elsewhere' };
  const never = { ...answer, request_id: 'after all verdicts' };
  for (const line of [again, escalated, never]) {
    await appendFile(ledger, `${JSON.stringify(line)}\n`);
  }
  expect(JSON.parse(await history('T-1', '--json'))).toEqual({
    id: 'T-1',
    simulated: true,
    verdicts: [
      { ...verdict, answers: [answer] },
      { ...escalated, answers: [again] },
    ],
  });
});

test('is at most 80 columns wide, whatever a ledger holds', async () => {
  const id = `T-1 ${'日本'.repeat(60)}`;
  await classify(`${id},I was charged twice\n`);
  const [, , verdict] = await ledgerLines();
  const long = {
    ...verdict,
    queue: 'queue'.repeat(30),
    team: 'チーム'.repeat(30),
    model: 'model'.repeat(30),
    triage: { reason: 'both_failed', detail: `\u001B[31m${'why '.repeat(50)}` },
  };
  await appendFile(ledger, `${JSON.stringify(long)}\n`);
  const told = await history(id);
  expect(Math.max(...told.split('\n').map(textWidth))).toBe(80);
  expect(told).not.toContain('\u001B');
});

test('reads while another run writes, and steps over a torn end', async () => {
  await classify('T-1,I was charged twice\n');
  const before = await history('T-1');
  const [, , verdict] = await ledgerLines();
  const torn = JSON.stringify({ ...verdict, queue: 'torn' }).slice(0, -20);
  await appendFile(ledger, torn);
  const lock = await lockFile(ledger);
  expect(await history('T-1')).toBe(before);
  await lock.release();
});

test('guesses the id that was meant', async () => {
  await classify('T-1,a\nABC-17,b\nX,c\n');
  expect(await fails(2, ['history', 'abc-17', '--ledger', ledger])).toBe(
    'ticket-classify: There is no ticket with the id "abc-17".\n  The nearest is "ABC-17".\n',
  );
});

test('an id on several rows of one input names no single ticket', async () => {
  await classify('T-1,I was charged twice\nT-1,Where is my invoice?\nT-2,Hello\n');
  const refused = await fails(2, ['history', 'T-1', '--ledger', ledger]);
  expect(refused).toContain('T-1 stands on several rows of one input: its verdicts name no single');
  expect(await history('T-2')).toContain('T-2: 1 verdict\n');
});

test('a ticket without an id has no history', async () => {
  await classify(',I was charged twice\nT-2,Hello\n');
  const [, answer] = await ledgerLines();
  const id = `text-${String(answer?.['text']).slice(0, 12)}`;
  for (const made of [id, `${id}-2`]) {
    const refused = await fails(2, ['history', made, '--ledger', ledger]);
    expect(refused).toContain(`${made} was made from the text of a ticket without an id`);
  }
});

test('says which ledger is not there, or is none', async () => {
  expect(await fails(2, ['history', 'T-1'])).toContain(
    'There is no ledger ticket-classify.ledger.jsonl',
  );
  expect(await fails(2, ['history', 'T-1', '--ledger', ledger])).toContain(ledger);
  expect(await fails(2, ['history', 'T-1', '--ledger', tmpdir()])).toContain('is a folder');
  await writeFile(ledger, 'id,body\nT-1,Hello\n');
  expect(await fails(2, ['history', 'T-1', '--ledger', ledger])).toContain('is not a ledger');
});
