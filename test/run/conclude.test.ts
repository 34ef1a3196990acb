import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { program } from '../program.ts';

const folder = await mkdtemp(join(tmpdir(), 'conclude-'));

const TICKET = '1,Refund,I was charged twice for June.\n';

test.each([
  ['', 0, 'no tickets: the input holds no rows'],
  [TICKET, 0, 'every ticket classified'],
  [`${TICKET}2,,\n`, 0, 'every ticket with a text classified'],
])(
  'of the rows %j the summary says that it is simulated, and why the exit is %i',
  async (rows, code, reason) => {
    const summary = join(folder, 'summary.json');
    const args = ['-', '--simulate', '--summary', summary, '-q'];
    const outcome = await program(args, { stdin: `id,subject,body\n${rows}` });
    expect(outcome.code, outcome.stderr).toBe(code);
    const told = JSON.parse(await readFile(summary, 'utf8'));
    expect(told).toMatchObject({ simulated: true, exit: { code, reason } });
  },
);

test.each([
  [['--allow-triage', '1'], 0, '1 ticket for human triage, as --allow-triage allows'],
  [[], 4, '1 ticket for human triage'],
])('with %j a row that can’t be read gives %i', async (flags, code, reason) => {
  const summary = join(folder, 'summary.json');
  const stdin = `{"id":"1","subject":"Refund","body":"I was charged twice."}\nno JSON\n`;
  const args = ['-', '--simulate', '--summary', summary, '-q', ...flags];
  const outcome = await program(args, { stdin });
  expect(outcome.code, outcome.stderr).toBe(code);
  expect(JSON.parse(await readFile(summary, 'utf8')).exit).toMatchObject({ code, reason });
});
