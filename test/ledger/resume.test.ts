// What one run paid for, the next one has: after a Ctrl-C, in the next night, with other flags.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { main } from '../../src/main.ts';
import { startSimulator, type Behaviour, type Simulator } from '../simulator/faulty-server.ts';
import { envOf, fakeProcess, hurriedClock, program, sink } from '../program.ts';
import { backlog, jsonLines, randomNumbers, sampleItems, type Item } from './backlog.ts';
import { FAST, openDesk, STRONG, type Desk, type Night } from './desk.ts';

let simulator: Simulator;
let desk: Desk;
let samples: Item[];
beforeAll(async () => {
  simulator = await startSimulator();
  samples = await sampleItems();
});
afterAll(() => simulator?.close());

async function open(behaviour?: Behaviour): Promise<void> {
  desk = await openDesk(simulator, behaviour);
}

const calls = ({ fast, strong }: Night) => ({ fast, strong });
const NONE = { fast: 0, strong: 0 };
const column = ({ rows }: Night, name: string) => rows.map((row) => row[`ai_${name}`]);

/** What each model has to be asked of tickets that nobody knows, found out at another desk. */
async function callsFor(items: Item[]): Promise<typeof NONE> {
  return calls(await (await openDesk(simulator)).night(items));
}

/** Each row comes when the one before it is out. @returns the exit code */
async function oneByOne(items: Item[]): Promise<number> {
  const [stdin, stdout] = [new PassThrough(), sink()];
  const args = ['-', '--ledger', desk.ledger];
  const process = fakeProcess(args, { env: envOf(simulator), stdin }, stdout, sink());
  const running = main(process, hurriedClock());
  for (const [at, item] of items.entries()) {
    stdin.write(jsonLines([item]));
    const rows = () => stdout.text().split('\n').length - 1;
    await expect.poll(rows).toBe(at + 1);
  }
  stdin.end();
  return running;
}

describe('after Ctrl-C', () => {
  /** Runs until some rows are out, and interrupts it. */
  async function interrupted(
    args: string[],
    answers = 20,
  ): Promise<{ code: number; lastLine: string }> {
    const [stdout, stderr] = [sink(), sink()];
    const process = fakeProcess(args, { env: envOf(simulator) }, stdout, stderr);
    const running = main(process, hurriedClock());
    const soFar = () => simulator.stats.of(FAST).delivered.answers;
    const before = soFar();
    await expect.poll(soFar).toBeGreaterThan(before + answers);
    process.signal('SIGINT');
    const code = await running;
    return { code, lastLine: stderr.text().trimEnd().split('\n').at(-1) ?? '' };
  }

  /** Runs a line as a shell would. */
  async function typed(line: string) {
    const [name, ...args] = line.trim().split(' ');
    expect(name).toBe('ticket-classify');
    return program(args, { env: envOf(simulator) });
  }

  /** Counts the answers of each model from now on. */
  function counter(): () => typeof NONE {
    const paid = (model: string) => simulator.stats.of(model).delivered.answers;
    const [fast, strong] = [paid(FAST), paid(STRONG)];
    return () => ({ fast: paid(FAST) - fast, strong: paid(STRONG) - strong });
  }

  test('the last line is the command that goes on, and it pays nothing twice', async () => {
    const items = await backlog(80);
    const once = await callsFor(items);
    await open({ latency: 5 });
    const input = join(desk.folder, 'backlog.jsonl');
    await writeFile(input, jsonLines(items));
    const paid = counter();
    const output = join(desk.folder, 'out.jsonl');
    const args = [input, '-o', output, '--ledger', desk.ledger, '-c', '6'];
    const { code, lastLine } = await interrupted(args);
    expect(code).toBe(130);
    expect(lastLine.trim()).toBe(
      `ticket-classify ${input} -o ${output} --ledger ${desk.ledger} -c 6`,
    );
    expect(paid().fast).toBeLessThan(once.fast);

    expect((await typed(lastLine)).code).toBe(0);
    expect(paid()).toEqual(once);
    const ids = (await readFile(output, 'utf8')).trimEnd().split('\n');
    expect(ids.map((line) => JSON.parse(line).id)).toEqual(items.map(({ id }) => id));
  });

  test('of --fresh, the command says --newer-than instead, and pays nothing twice', async () => {
    await open({ latency: 5 });
    const first = await desk.night(await backlog(80));
    const paid = counter();
    const input = join(desk.folder, 'export.jsonl');
    const args = [input, '--fresh', '--ledger', desk.ledger, '-c', '6'];
    const { code, lastLine } = await interrupted(args);
    expect(code).toBe(130);
    expect(lastLine).toMatch(/ --newer-than \d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(lastLine).not.toContain('--fresh');
    expect(paid().fast).toBeLessThan(first.fast);

    expect((await typed(lastLine)).code).toBe(0);
    expect(paid()).toEqual(calls(first));
  });

  test('of --retry-triage, what is invalid once more is not asked a third time', async () => {
    // Fewer than the twenty useless answers in a row that end a run.
    await open({ latency: 5, failures: [{ what: 'refused', when: () => true }] });
    const first = await desk.night(await backlog(18));
    const paid = counter();
    const input = join(desk.folder, 'export.jsonl');
    const args = [input, '--retry-triage', '--ledger', desk.ledger, '-c', '2'];
    const { lastLine } = await interrupted(args, 3);
    expect(paid().fast).toBeLessThan(first.fast);
    expect((await typed(lastLine)).code).toBe(4);
    expect(paid()).toEqual(calls(first));
  });
});

describe('the next night', () => {
  test('asks about new rows only, wherever they and the others stand', async () => {
    await open();
    const items = await backlog(150);
    const first = await desk.night(items);
    expect(first.strong).toBeGreaterThan(0);
    const isNew = [
      { id: 'N-1', subject: 'Charged twice again', body: 'Our card was charged twice in May.' },
      {
        id: 'N-2',
        subject: 'Rechnung falsch',
        body: 'Auf der Rechnung steht ein falscher Betrag.',
      },
      { id: 'N-3', subject: 'hm', body: 'it is odd, what now' },
    ];
    const random = randomNumbers(7);
    const shuffled = [...items, ...isNew]
      .map((item) => ({ item, key: random() }))
      .toSorted((a, b) => a.key - b.key)
      .map(({ item }) => item);
    const second = await desk.night(shuffled);
    expect(calls(second)).toEqual(await callsFor(isNew));
    expect(second.rows.map((row) => row['id'])).toEqual(shuffled.map(({ id }) => id));
    const queueOf = (night: Night) =>
      new Map(night.rows.map((row) => [row['id'], row['ai_queue']]));
    for (const [id, queue] of queueOf(first)) expect(queueOf(second).get(id)).toBe(queue);
    expect(second.summary.changed.reclassified).toBe(0);
  });

  test('with the same export calls nobody, and adds nothing to the ledger', async () => {
    await open();
    const items = await backlog(60);
    const first = await desk.night(items);
    const size = await desk.ledgerSize();
    const second = await desk.night(items);
    expect(calls(second)).toEqual(NONE);
    expect(await desk.ledgerSize()).toBe(size);
    expect(new Set(column(second, 'reused'))).toEqual(new Set([true, null]));
    const labels = [
      'queue',
      'team',
      'min_confidence',
      'model_used',
      'escalation_reason',
      'cost_usd',
    ];
    for (const name of labels) expect(column(second, name)).toEqual(column(first, name));
  });

  test('with a higher threshold asks about what is newly escalated only', async () => {
    await open();
    const items = await backlog(80);
    const first = await desk.night(items, '--threshold', '0.6');
    const second = await desk.night(items, '--threshold', '0.85');
    const escalatedTexts = (night: Night) =>
      new Set(night.rows.filter((row) => row['ai_escalated']).map((row) => row['body']));
    const added = [...escalatedTexts(second)].filter((text) => !escalatedTexts(first).has(text));
    expect(added.length).toBeGreaterThan(3);
    expect(calls(second)).toEqual({ fast: 0, strong: added.length });
    const third = await desk.night(items, '--threshold', '0.6');
    expect(calls(third)).toEqual(NONE);
    expect(column(third, 'queue')).toEqual(column(first, 'queue'));
  });

  test('with another routing rule, SLA or review_below decides the queues again, for nothing', async () => {
    await open();
    const first = await desk.night(samples);
    const playbook = await desk.playbook('routed', [
      [
        'playbook.yaml',
        "queue: '{team}-{urgency}'\n    sla: 24h",
        'queue: day-{team}\n    sla: 20h',
      ],
      ['playbook.yaml', '# review_below: 0.5', 'review_below: 0.7'],
    ]);
    const second = await desk.night(samples, '--playbook', playbook);
    expect(calls(second)).toEqual(NONE);
    expect(second.code).toBe(4);
    for (const [at, row] of second.rows.entries()) {
      const before = String(first.rows[at]?.['ai_queue']);
      const isUnsure = row['ai_min_confidence'] !== null && Number(row['ai_min_confidence']) < 0.7;
      const expected = isUnsure ? 'needs-human-triage' : before.replace(/^(\w+)-normal$/, 'day-$1');
      expect(row['ai_queue']).toBe(expected);
    }
    expect(column(second, 'sla_minutes')).toContain(20 * 60);
    expect(second.summary.triage.by_reason.unsure).toBeGreaterThan(0);
  });
});

describe('a changed playbook', () => {
  const CHANGED = [['system.md', /$/, '\nBe careful.\n']] satisfies Parameters<Desk['playbook']>[1];

  test('stops before the first call, and names both ways to go on', async () => {
    await open();
    const first = await desk.night(samples);
    const size = await desk.ledgerSize();
    const changed = ['--playbook', await desk.playbook('changed', CHANGED)];
    const stopped = await desk.night(samples, ...changed);
    expect([stopped.code, calls(stopped)]).toEqual([3, NONE]);
    expect(stopped.rows.filter((row) => row['ai_team'])).toEqual([]);
    expect(stopped.stderr).toMatch(/39 texts of the ledger were answered under another \(support@/);
    expect(stopped.stderr.trimEnd().split('\n').slice(-2)).toEqual([
      expect.stringMatching(/^ +ticket-classify .* --reask$/),
      expect.stringMatching(/^ +ticket-classify .* --keep-answers$/),
    ]);
    expect(await desk.ledgerSize()).toBe(size);

    const kept = await desk.night(samples, ...changed, '--keep-answers');
    expect([kept.code, calls(kept)]).toEqual([0, NONE]);
    expect(column(kept, 'queue')).toEqual(column(first, 'queue'));
    const reasked = await desk.night(samples, ...changed, '--reask');
    expect(reasked.fast).toBe(first.fast);
    expect(calls(await desk.night(samples, ...changed))).toEqual(NONE);
  });

  test('does not stop a run of tickets that the ledger does not know', async () => {
    await open();
    await desk.night(samples.slice(0, 5));
    const changed = ['--playbook', await desk.playbook('changed', CHANGED)];
    const other = await desk.night(samples.slice(5), ...changed);
    expect(other.code).toBe(0);
    expect(other.fast).toBeGreaterThan(20);
  });

  test('--keep-answers asks about answers whose label is gone', async () => {
    await open();
    const first = await desk.night(samples);
    const fastSaid = await fastAnswers();
    const playbook = await desk
      .playbook('without-onboarding', [
        ['playbook.yaml', /name: onboarding/, 'name: new_customers'],
      ])
      .then(async (folder) => {
        const file = join(folder, 'examples.yaml');
        const text = await readFile(file, 'utf8');
        await writeFile(file, text.replaceAll('team: onboarding', 'team: new_customers'));
        return folder;
      });
    const gone = fastSaid.filter(({ team }) => team === 'onboarding').length;
    expect(gone).toBeGreaterThan(1);
    const kept = await desk.night(samples, '--playbook', playbook, '--keep-answers');
    expect(kept.code).toBe(0);
    expect(kept.fast).toBe(gone);
    expect(column(kept, 'team')).not.toContain('onboarding');
    expect(first.fast).toBeGreaterThan(gone);
  });

  /** Answers of the fast model in the ledger. */
  async function fastAnswers(): Promise<{ team: string }[]> {
    const text = (await readFile(desk.ledger, 'utf8')).trimEnd();
    return text
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ kind, model }) => kind === 'answer' && model === FAST);
  }

  test('does not stop --retry-triage where the new playbook has an answer', async () => {
    await open();
    await desk.night(samples.slice(0, 2));
    simulator.set({ failures: [{ what: 'wrong_label' }] });
    const changed = ['--playbook', await desk.playbook('changed', CHANGED)];
    await desk.night(samples.slice(0, 2), ...changed, '--reask');
    simulator.set({ failures: [] });
    const again = await desk.night(samples.slice(0, 2), ...changed, '--retry-triage');
    expect(again.code, again.stderr).toBe(0);
    expect(again.fast).toBe(2);
  });
});

describe('a ticket whose text changed', () => {
  const was = {
    id: 'T-1',
    subject: 'Invoice',
    body: 'Our card was charged twice for the invoice.',
  };
  const became = {
    ...was,
    body: 'The whole application is down for all our users, 503 everywhere!',
  };
  const other = { id: 'T-2', subject: 'Export', body: 'The PDF export is empty since Monday.' };

  test('is classified anew, and told of with its queues', async () => {
    await open();
    const first = await desk.night([was, other]);
    const second = await desk.night([became, other]);
    expect(second.fast).toBe(1);
    const [from, to] = [column(first, 'queue')[0], column(second, 'queue')[0]];
    expect(from).not.toBe(to);
    expect(second.summary.changed).toEqual({
      reclassified: 1,
      queue_changed: 1,
      kept: 0,
      changes: [{ id: 'T-1', from, to, new_patterns: [] }],
    });
    const third = await desk.night([became, other]);
    expect(third.summary.changed.reclassified).toBe(0);
  });

  test('--keep-first keeps its verdict, night after night', async () => {
    await open();
    const first = await desk.night([was, other]);
    for (const item of [became, became, { ...was, body: 'Never mind, it is paid back.' }]) {
      const next = await desk.night([item, other], '--keep-first');
      expect(calls(next)).toEqual(NONE);
      expect(next.stderr).toMatch(/^likely +2 tickets, 2 in the ledger; nothing left to pay$/m);
      expect(column(next, 'queue')).toEqual(column(first, 'queue'));
      expect(next.summary.changed).toMatchObject({ reclassified: 0, kept: 1, changes: [] });
      expect(next.rowsCost).toBe(first.rowsCost);
    }
  });

  test('--keep-first asks all the same if a pattern newly matches', async () => {
    await open();
    await desk.night([was, other]);
    const breached = { ...was, body: `${was.body} And I think we were breached.` };
    const second = await desk.night([breached, other], '--keep-first');
    expect(calls(second)).toEqual({ fast: 0, strong: 1 });
    expect(second.summary.changed).toMatchObject({ reclassified: 1, kept: 0 });
    expect(second.stderr).toContain('breach');
    const third = await desk.night(
      [{ ...breached, body: `${breached.body} Hello?` }, other],
      '--keep-first',
    );
    expect(calls(third)).toEqual(NONE);
  });

  test('--keep-first asks again where the kept answer is gone', async () => {
    await open();
    await desk.night([was, other]);
    const text = await readFile(desk.ledger, 'utf8');
    const isAnswerOnT1 = (line: string) =>
      line.startsWith('{"kind":"answer"') && line.includes('Simulated: Invoice');
    const without = text.split('\n').filter((line) => !isAnswerOnT1(line));
    await writeFile(desk.ledger, without.join('\n'));
    const second = await desk.night([became, other], '--keep-first');
    expect(second.fast).toBe(1);
    expect(second.summary.changed).toMatchObject({ reclassified: 1, kept: 0 });
  });
});

describe('ids that name no single ticket', () => {
  const messages = [
    { id: 'T-1', body: 'Our card was charged twice for the invoice.' },
    { id: 'T-2', body: 'The PDF export is empty since Monday.' },
    { id: 'T-1', body: 'Any news on the double charge? We are waiting for the refund.' },
    { body: 'Please add a dark mode to the mobile app.' },
    { body: 'How do I reset my password?' },
  ];
  const edited = messages.map((item) =>
    item.id === 'T-2' ? item : { ...item, body: `${item.body} Thanks!` },
  );

  test.each([
    ['at once', (items: Item[]) => desk.night(items)],
    ['one by one', oneByOne],
  ])('whose rows come %s are never told to have changed, nor kept', async (_, firstNight) => {
    await open();
    await firstNight(messages);
    const size = await desk.ledgerSize();
    expect(calls(await desk.night(messages))).toEqual(NONE);
    expect(await desk.ledgerSize()).toBe(size);
    const changed = await desk.night(edited, '--keep-first');
    expect(changed.fast).toBe(4);
    expect(changed.summary.changed).toMatchObject({ reclassified: 0, kept: 0 });
  });

  test('stay outside in a later night, when only one of their rows is left', async () => {
    await open();
    await desk.night(messages);
    const [first] = edited;
    const second = await desk.night(first ? [first] : [], '--keep-first');
    expect(second.fast).toBe(1);
    expect(second.summary.changed).toMatchObject({ reclassified: 0, kept: 0 });
  });
});

test('what calls without an answer may have cost counts against the day of the next run', async () => {
  await open();
  const { billed } = await desk.night(samples.slice(0, 1));
  simulator.set({ failures: [{ what: 'dropped_after' }] });
  const first = await desk.night(samples.slice(1, 2));
  expect(first.summary.total).toMatchObject({ answered: 0, unknown_cost_calls: 8 });
  simulator.set({ failures: [] });
  const lines: { kind?: string; at_most_usd?: number }[] = (await readFile(desk.ledger, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const lost = lines
    .filter(({ kind }) => kind === 'lost')
    .reduce((sum, { at_most_usd = 0 }) => sum + at_most_usd, 0);
  expect(lost).toBeGreaterThan(0);
  // Without the lost calls there would be room for a whole ticket.
  const cap = String(Number(billed) + 0.9 * lost);
  const second = await desk.night(samples.slice(2, 3), '--max-cost-per-day', cap);
  expect([second.code, calls(second)]).toEqual([3, NONE]);
  const third = await desk.night(
    samples.slice(1, 2),
    '--max-cost-per-day',
    String(Number(cap) + 1),
  );
  expect(third.code).toBe(0);
});

describe('duplicates', () => {
  const text = { subject: 'Charged twice', body: 'Our card was charged twice for the invoice.' };
  const twins = Array.from({ length: 12 }, (_, at) => ({ id: `D-${at}`, ...text }));

  test('are asked about once, also while the first is in the air', async () => {
    await open({ latency: 30 });
    const first = await desk.night(twins);
    expect(calls(first)).toEqual(await callsFor(twins.slice(0, 1)));
    expect(first.rowsCost).toBe(first.billed);
    expect(column(first, 'cost_usd').filter((cost) => Number(cost) > 0)).toHaveLength(1);
    expect(column(first, 'reused')).toEqual([false, ...twins.slice(1).map(() => true)]);
    expect(new Set(column(first, 'queue')).size).toBe(1);
  });

  test.each([0, 30])(
    'of a failed one share its failure, with answers after %i ms',
    async (latency) => {
      const known = await callsFor(samples.slice(0, 3));
      await open({
        latency,
        failures: [{ what: 'invalid_request', when: ({ ticket }) => ticket.includes('poison') }],
      });
      const poisoned = twins.map((item) => ({ ...item, body: 'poison' }));
      const items = [...samples.slice(0, 3), ...poisoned];
      const first = await desk.night(items);
      expect(first.code).toBe(4);
      expect(calls(first)).toEqual({ fast: known.fast + 1, strong: known.strong + 1 });
      expect(first.summary.triage.by_reason.both_failed).toBe(12);
      expect(new Set(column(first, 'triage_reason').slice(3)).size).toBe(1);
      expect(column(first, 'attempts').slice(3)).toEqual([2, ...twins.slice(1).map(() => 0)]);
      // A failure is no answer: it is tried again in the next night.
      simulator.set({ failures: [] });
      const second = await desk.night(items);
      expect([second.code, second.fast]).toEqual([0, 1]);
    },
  );

  test('of one that failed before they came share its failure too', async () => {
    await open({ failures: [{ what: 'invalid_request' }] });
    const { requests } = simulator.stats;
    expect(await oneByOne(twins.slice(0, 3))).toBe(4);
    expect(simulator.stats.requests - requests).toBe(2);
  });

  test('cost what the server billed, in the night that pays and in the next', async () => {
    await open({ latency: 2 });
    const items = await backlog(60);
    const first = await desk.night(items);
    expect(first.rowsCost).toBe(first.billed);
    expect(first.summary.cost).toMatchObject({
      cost_usd: Number(first.billed),
      rows_cost_usd: Number(first.billed),
    });
    const second = await desk.night(items.toReversed());
    expect(second.billed).toBe('0');
    expect(second.rowsCost).toBe(first.billed);
    expect(second.summary.cost).toMatchObject({ cost_usd: 0, rows_cost_usd: Number(first.billed) });
  });
});

describe('--retry-triage', () => {
  const isBad = ({ ticket }: { ticket: string }) =>
    ticket.includes('Slack') || ticket.includes('CVE');

  test('asks again where the answer was invalid, and nowhere else', async () => {
    await open({ failures: [{ what: 'refused', when: isBad }] });
    const first = await desk.night(samples);
    expect(first.code).toBe(4);
    const invalid = first.summary.total.invalid;
    expect(invalid).toBeGreaterThan(2);
    expect(calls(await desk.night(samples))).toEqual(NONE);

    simulator.set({ failures: [] });
    expect(calls(await desk.night(samples))).toEqual(NONE);
    const retried = await desk.night(samples, '--retry-triage');
    expect(retried.code).toBe(0);
    expect(retried.fast + retried.strong).toBeLessThanOrEqual(invalid);
    expect(retried.fast + retried.strong).toBeGreaterThan(0);
    expect(calls(await desk.night(samples, '--retry-triage'))).toEqual(NONE);
  });
});

describe('--first-per-ticket', () => {
  const thread = [
    { id: 'T-1', body: '' },
    { id: 'T-1', body: 'Our card was charged twice for the invoice.' },
    { id: 'T-2', body: 'The PDF export is empty since Monday.' },
    { id: 'T-1', body: 'Any news on the double charge?' },
    { id: 'T-2', body: 'It works again.' },
  ];

  test('pays once, whatever messages come later', async () => {
    await open();
    const first = await desk.night(thread, '--first-per-ticket');
    expect(first.fast).toBe(2);
    const size = await desk.ledgerSize();
    expect(calls(await desk.night(thread, '--first-per-ticket'))).toEqual(NONE);
    expect(await desk.ledgerSize()).toBe(size);
    const longer = [...thread, { id: 'T-2', body: 'No, it does not.' }];
    const second = await desk.night(longer, '--first-per-ticket');
    expect(calls(second)).toEqual(NONE);
    expect(second.summary.changed.reclassified).toBe(0);
    expect(await desk.ledgerSize()).toBe(size);
  });

  test('of a first message that fails, tells nobody of a change and tries it again', async () => {
    await open({
      failures: [{ what: 'invalid_request', when: ({ ticket }) => ticket.includes('PDF') }],
    });
    const items = thread.slice(1);
    const first = await desk.night(items, '--first-per-ticket');
    expect(first.summary.triage.by_reason.both_failed).toBe(2);
    const size = await desk.ledgerSize();
    const second = await desk.night(items, '--first-per-ticket');
    expect(second.summary.changed.reclassified).toBe(0);
    expect(await desk.ledgerSize()).toBe(size);
  });
});

test('a ticket that needs no answer adds its line once, even before the first answer', async () => {
  await open();
  const items = [{ id: 'T-0', body: '' }, ...samples.slice(0, 2)];
  await desk.night(items);
  const size = await desk.ledgerSize();
  await desk.night(items);
  expect(await desk.ledgerSize()).toBe(size);
});
