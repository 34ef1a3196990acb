import { existsSync, readFileSync, statSync } from 'node:fs';
import {
  appendFile,
  copyFile,
  lstat,
  mkdtemp,
  open,
  readdir,
  readFile,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { textHash } from '../../src/ground/keys.ts';
import { loadLedger } from '../../src/ledger/load-ledger.ts';
import { lockFile } from '../../src/ground/lock.ts';
import { startSimulator, type Simulator } from '../simulator/faulty-server.ts';
import { BIN, shell, startBin } from '../child.ts';
import { watchDisk } from '../disk.ts';
import { envOf, fails, ok, program } from '../program.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const NOT_TOUCHED =
  'Not touched: inputs, outputs, their .partial files, and backups of any of these.\n';

let simulator: Simulator;
let folder: string;
let ledger: string;
beforeEach(async () => {
  simulator = await startSimulator();
  folder = await mkdtemp(join(tmpdir(), 'forget-'));
  ledger = join(folder, 'ledger.jsonl');
});
afterEach(() => simulator.close());

/** @returns the rows that came out. */
async function classify(rows: string): Promise<Record<string, string>[]> {
  const world = { env: envOf(simulator), stdin: `id,body\n${rows}` };
  const { code, stdout, stderr } = await program(['-', '--ledger', ledger], world);
  expect([0, 4], stderr).toContain(code);
  return parse(stdout, { columns: true });
}

const forget = (id: string) => ok(['forget', id, '--ledger', ledger]);
const text = () => readFile(ledger, 'utf8');
const requests = () => simulator.stats.requests;

async function spent(): Promise<number> {
  const loaded = await loadLedger(ledger, Date.now() - DAY_MS);
  return loaded.spent.reduce((sum, { cost }) => sum + cost, 0);
}

test('takes a ticket out, all its texts and answers, and no other byte', async () => {
  await classify('T-1,I was charged twice\nT-17,Where is my invoice?\nT-1x,Hello\n');
  await appendFile(
    ledger,
    Buffer.from('\n\n{"kind":"verdict","id":"T-1x","summ\xff\xfe\n', 'latin1'),
  );
  await classify('T-17,Delete my data under the GDPR\n');
  await appendFile(ledger, Buffer.from('{"id":"T-17","summ\xff\xfe\n', 'latin1'));
  await appendFile(ledger, Buffer.from('{"kind":"answer","torn \xe2\x82', 'latin1'));
  const before = (await readFile(ledger, 'latin1')).split('\n');
  const old = await open(ledger);
  expect(before.some((line) => line.includes('invoice'))).toBe(true);

  expect(await forget('T-17')).toBe(
    `Forgot T-17: 2 verdicts, 2 answers and 1 line that could not be read.\n${NOT_TOUCHED}`,
  );
  const after = (await readFile(ledger, 'latin1')).split('\n');
  const kept = after.filter((line) => !line.startsWith('{"kind":"spent"'));
  const gone = before.filter((line) => !kept.includes(line));
  expect(kept).toEqual(before.filter((line) => !gone.includes(line)));
  expect(gone).toHaveLength(5);
  expect(after.join('\n')).not.toMatch(/T-17|invoice|GDPR/);
  expect((await stat(ledger)).mode & 0o777).toBe(0o600);
  expect(await readdir(folder)).toEqual(['ledger.jsonl']);
  // The old file itself was never written to: no moment is the wrong one for a crash.
  expect((await old.readFile('latin1')).split('\n')).toEqual(before);
  await old.close();
});

test('what was forgotten is asked about anew, and the rest is not', async () => {
  await classify('T-1,I was charged twice\nT-2,Where is my invoice?\n');
  await forget('T-1');
  const before = requests();
  const rows = await classify('T-1,I was charged twice\nT-2,Where is my invoice?\n');
  expect(requests() - before).toBe(1);
  expect(rows.map((row) => row['ai_reused'])).toEqual(['false', 'true']);
});

test('answers about a text that another ticket has stay', async () => {
  await classify('T-1,I was charged twice\nT-2,I was charged twice\nT-1,Only mine\n');
  const before = await text();
  const told = await forget('T-1');
  expect(told).toBe(
    'Forgot T-1: 2 verdicts and 1 answer.\n' +
      `1 answer stays: another ticket (T-2) has the same text.\n${NOT_TOUCHED}`,
  );
  expect((await text()).match(/"kind":"answer"/g)).toHaveLength(1);
  expect(before.match(/"kind":"answer"/g)).toHaveLength(2);
  expect(await forget('T-2')).toContain('Forgot T-2: 1 verdict and 1 answer.\n');
  expect(await text()).not.toMatch(/"kind":"(answer|verdict)"/);
});

test('a ticket without an id is forgotten by its text', async () => {
  const rows = await classify(',I was charged twice\n,I was charged twice\n,Hello\nT-1,Hello\n');
  const [, second = '', hello = ''] = rows.map((row) => row['ai_ticket_id']);
  expect(second).toMatch(/^text-[0-9a-f]{12}-2$/);
  expect(await forget(second)).toBe(`Forgot ${second}: 1 answer.\n${NOT_TOUCHED}`);
  const before = await text();
  expect(await forget(hello)).toContain(
    `Forgot ${hello}: nothing.\n2 answers stay: another ticket (T-1)`,
  );
  expect(await text()).toBe(before);
  expect(await fails(2, ['forget', second, '--ledger', ledger])).toBe(
    `ticket-classify: There is no ticket with the id "${second}".\n`,
  );
});

test('a line that is torn goes if it names the ticket or a text that goes', async () => {
  await classify('T-1,I was charged twice\nT-2,Hello\nT-3,Hello\nT-2,Mine\n');
  const lines = (await text()).split('\n');
  const answerOf = (body: string) =>
    lines.find((line) => line.includes('"answer"') && line.includes(hashOf(lines, body))) ?? '';
  const shared = answerOf('T-3').slice(0, -40);
  const torn = [
    answerOf('T-1').slice(0, -40),
    '{"kind":"verdict","id":"T-1',
    '{"kind":"new","of":"T-1"}',
  ];
  const others = ['{"kind":"verdict","id":"T-12', shared, '{"kind":"new","of":"T-11"}'];
  await appendFile(ledger, [...torn, ...others, ''].join('\n'));
  expect(await forget('T-1')).toContain(
    'Forgot T-1: 1 verdict, 1 answer and 3 lines that could not be read.\n',
  );
  expect((await text()).split('\n').slice(-4, -1)).toEqual(others);
  await forget('T-2');
  expect(await text()).toContain(shared);
});

test('an id with quotes, and a torn end that names it', async () => {
  await classify('"T ""1""",I was charged twice\nT-2,Hello\n');
  await appendFile(ledger, '{"kind":"verdict","id":"T \\"1\\"","te');
  expect(await forget('T "1"')).toMatch(/: 1 verdict, \d answers? and 1 line that could not/);
  const left = await text();
  expect(left.endsWith('}\n')).toBe(true);
  expect(left).not.toContain('T \\"1');
});

/** Of the first verdict on a ticket. */
function hashOf(lines: readonly string[], id: string): string {
  const verdict = lines.find((candidate) => candidate.includes(`"id":"${id}"`)) ?? '{}';
  return String(JSON.parse(verdict).text);
}

test('the money stays spent', async () => {
  simulator.set({ failures: [{ what: 'dropped_after', first: 1 }] });
  await classify('T-1,I was charged twice\nT-2,Hello\n');
  const before = await spent();
  const lines = (await text()).split('\n');
  const answer = lines.find((line) => line.includes('"unknown_cost_calls":1')) ?? '';
  const { cost_usd: cost, unknown_cost_at_most_usd: unknown } = JSON.parse(answer);
  expect(unknown).toBeGreaterThan(cost);
  await forget(answer.includes(hashOf(lines, 'T-1')) ? 'T-1' : 'T-2');
  expect(await text()).not.toContain(answer);
  expect(await text()).toContain(`"cost_usd":${cost}}\n{"kind":"lost"`);
  expect(await spent()).toBe(before);
});

test('behind a link the file itself is rewritten', async () => {
  await classify('T-1,I was charged twice\nT-2,Hello\n');
  const link = join(folder, 'link.jsonl');
  await symlink(ledger, link);
  await ok(['forget', 'T-1', '--ledger', link]);
  expect((await lstat(link)).isSymbolicLink()).toBe(true);
  expect(await text()).not.toContain('T-1');
});

test('waits for no other run: it is told who has the ledger', async () => {
  await classify('T-1,I was charged twice\n');
  const before = await text();
  const lock = await lockFile(ledger);
  expect(await fails(75, ['forget', 'T-1', '--ledger', ledger])).toContain('in use by another run');
  await lock.release();
  expect(await text()).toBe(before);
});

test('guesses the id that was meant, and changes nothing', async () => {
  await classify('ABC-17,I was charged twice\nT-2,Hello\n');
  const before = await stat(ledger);
  expect(await fails(2, ['forget', 'ABC-71', '--ledger', ledger])).toContain(
    'no ticket with the id "ABC-71".\n  The nearest is "ABC-17".',
  );
  expect((await stat(ledger)).ino).toBe(before.ino);
  expect(await fails(2, ['forget', 'T-1', '--ledger', `${ledger}x`])).toContain('no ledger');
});

test('what a crash left beside a ledger is gone with the next run', async () => {
  const draft = `${ledger}.rewriting`;
  await classify('T-1,I was charged twice\nT-2,Hello\n');
  await writeFile(draft, 'T-1');
  await classify('T-2,Hello\n');
  expect(existsSync(draft)).toBe(false);
  await writeFile(draft, 'T-1');
  await forget('T-1');
  expect(existsSync(draft)).toBe(false);
});

test('where the disk is full the ledger stays as it was', async () => {
  await classify('T-1,I was charged twice\nT-2,Hello\n');
  const before = await text();
  const { code, stderr } = await shell(
    `trap '' XFSZ; ulimit -f 1; '${process.execPath}' '${BIN}' forget T-1 --ledger '${ledger}'`,
  );
  expect(code, stderr).toBe(3);
  expect(stderr).toContain(`Writing the ledger ${ledger} failed`);
  expect(await text()).toBe(before);
  expect(await readdir(folder)).toEqual(['ledger.jsonl']);
});

/** A ledger of so many other tickets before and after T-1. */
async function writeLargeLedger(tickets: number): Promise<void> {
  await classify('T-1,I was charged twice\n');
  const [header = '', answer = '', verdict = ''] = (await text()).split('\n');
  const others = Array.from({ length: tickets }, (_, at) => {
    const fields = { text: textHash(String(at)) };
    return (
      `${JSON.stringify({ ...JSON.parse(answer), ...fields })}\n` +
      `${JSON.stringify({ ...JSON.parse(verdict), ...fields, id: `X-${at}` })}\n`
    );
  }).join('');
  await writeFile(ledger, `${header}\n${others}${answer}\n${verdict}\n${others}`, { mode: 0o600 });
}

test('after kill -9 at any moment the ledger is the old one or the new one', async () => {
  await writeLargeLedger(10_000);
  const old = await readFile(ledger);
  const whole = join(folder, 'whole.jsonl');
  await copyFile(ledger, whole);
  await ok(['forget', 'T-1', '--ledger', whole]);
  const forgotten = await readFile(whole);
  expect(forgotten.length).toBeLessThan(old.length);

  const draft = `${ledger}.rewriting`;
  const [sizeOf, { ino }] = [(path: string) => statOf(path)?.size ?? 0, await stat(ledger)];
  const moments = [
    () => existsSync(`${ledger}.lock`),
    () => sizeOf(draft) > forgotten.length / 2 || statOf(ledger)?.ino !== ino,
    () => sizeOf(draft) === forgotten.length || statOf(ledger)?.ino !== ino,
  ];
  for (const isNow of moments) {
    const child = startBin(['forget', 'T-1', '--ledger', ledger]);
    await child.until(isNow);
    await child.kill();
    const left = await readFile(ledger);
    expect(left.equals(old) || left.equals(forgotten)).toBe(true);
    if (!left.equals(old)) await writeFile(ledger, old);
  }
  await forget('T-1');
  expect((await readFile(ledger)).equals(forgotten)).toBe(true);
  expect((await readdir(folder)).toSorted()).toEqual(['ledger.jsonl', 'whole.jsonl']);
});

const statOf = (path: string) => statSync(path, { throwIfNoEntry: false });

test('the new ledger is whole and on the disk before it takes the place of the old', async () => {
  await classify('T-1,I was charged twice\nT-2,Hello\n');
  const before = await text();
  const drafts: unknown[] = [];
  const disk = await watchDisk((from, to) => {
    if (to !== ledger) return;
    drafts.push([statSync(from).mode & 0o777, disk.keeps(from), readFileSync(to, 'utf8')]);
  });
  await forget('T-1');
  expect(drafts).toEqual([[0o600, await text(), before]]);
  expect(await text()).not.toContain('T-1');
});
