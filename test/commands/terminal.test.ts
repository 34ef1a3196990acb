// Whatever files, playbooks and servers hold: nothing of it moves the cursor or forges a line.
import { createServer } from 'node:http';
import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { SUPPORT } from '../example.ts';
import { program } from '../program.ts';

const EVIL = '\u001B]0;title\u0007\u001B[2J\u009B31m\u202Erightwards\u2066';
const FORGED = `${EVIL}\nFORGED\r\nFORGED\u2028FORGED\rFORGED`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'terminal-'));
});

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

/** Runs it, and looks at all that it says. */
async function harmless(args: string[], env: Record<string, string> = {}) {
  const outcome = await program(args, { env });
  expectHarmless(outcome.stderr);
  return outcome;
}

function expectHarmless(text: string): void {
  const lines = text.split('\n');
  for (const line of lines) {
    expect(line).not.toMatch(/[\p{Cc}\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/u);
    expect(line).not.toMatch(/^\s*FORGED/);
  }
}

const csv = (...rows: string[][]) =>
  rows.map((row) => `${row.map((cell) => `"${cell}"`).join(',')}\n`).join('');

test('names of columns that are used, left over, or not known', async () => {
  const names = ['id', `subject`, 'body', FORGED];
  const path = await file('used.csv', csv(names, ['1', 'Refund', 'I was charged twice', 'x']));
  const used = [path, '--simulate', '--columns', `body=${FORGED}`];
  const { code, stderr } = await harmless(used);
  expect(code, stderr).toBe(0);
  expect(stderr).toContain('rightwards');
  const named = await harmless([path, '--simulate', '--columns', `body=${FORGED}x`]);
  expect(named.stderr).toContain('there is no such column');
  const noText = await file('none.csv', csv([FORGED, `x${FORGED}`], ['1', '2']));
  expect((await harmless([noText, '--simulate'])).code).toBe(2);
});

test('the header of another file', async () => {
  const one = await file('one.csv', csv(['id', 'body'], ['1', 'I was charged twice']));
  const two = await file('two.csv', csv(['id', FORGED], ['2', 'I was charged twice']));
  expect((await harmless([one, two, '--simulate'])).code).toBe(2);
});

test('the ids of tickets, at every level and in every command', async () => {
  const ledger = join(folder, 'ledger.jsonl');
  const id = `T-1${FORGED}`;
  const row = { id, subject: 'Refund', body: 'I was charged twice for June.' };
  const path = await file('ids.jsonl', `${JSON.stringify(row)}\n`);
  const { url } = await refusing(529, FORGED, 2);
  const flags = ['--verbose', '--ledger', ledger];
  const run = await harmless([path, ...flags], { ANTHROPIC_BASE_URL: url, ANTHROPIC_API_KEY: 'k' });
  expect(run.stderr).toContain('T-1');
  await harmless([path, '--simulate', '--ledger', join(folder, 'simulated.jsonl')]);
  const simulated = ['--ledger', join(folder, 'simulated.jsonl')];
  for (const args of [
    ['history', id],
    ['history', id, '--json'],
    ['history', 'T-2'],
    ['show', path, '--id', id],
    ['show', path, '--id', 'T-2'],
    ['forget', id],
  ]) {
    const { stdout } = await harmless([...args, ...(args[0] === 'show' ? [] : simulated)]);
    expectHarmless(stdout);
  }
});

test('what a server says, on the screen and in a table', async () => {
  const { url } = await refusing(400, FORGED, Infinity);
  const rows = Array.from({ length: 3 }, (_, at) => [
    `${at}`,
    'Refund',
    `I was charged ${at} times`,
  ]);
  const path = await file('three.csv', csv(['id', 'subject', 'body'], ...rows));
  const env = { ANTHROPIC_BASE_URL: url, ANTHROPIC_API_KEY: 'k' };
  const { code, stdout, stderr } = await harmless([path, '--verbose'], env);
  expect(code, stderr).toBe(4);
  const table: string[][] = parse(stdout);
  for (const cell of table.flat()) expectHarmless(cell);
  expect(stdout).toContain('rightwards');
});

test('the labels and rules of a playbook', async () => {
  await cp(SUPPORT, join(folder, 'playbook'), { recursive: true });
  const path = join(folder, 'playbook/playbook.yaml');
  const text = await readFile(path, 'utf8');
  const quoted = JSON.stringify(`security${FORGED}`);
  await writeFile(path, text.replace(/name: security$/m, `name: ${quoted}`));
  expect((await harmless(['check', join(folder, 'playbook')])).code).toBe(2);
});

/** A server that answers so the first few times, and then no more. */
async function refusing(status: number, message: string, times: number): Promise<{ url: string }> {
  let asked = 0;
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      asked += 1;
      const type = status === 400 ? 'invalid_request_error' : 'overloaded_error';
      response.writeHead(asked > times ? 401 : status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ type: 'error', error: { type, message } }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('listens nowhere');
  return { url: `http://127.0.0.1:${address.port}` };
}
