import { existsSync } from 'node:fs';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { usd } from '../../src/ground/money.ts';
import { costOf } from '../../src/claude/cost.ts';
import { MODELS } from '../../src/claude/models.ts';
import { main } from '../../src/main.ts';
import {
  startSimulator,
  type Simulator,
  type SimulatorOptions,
} from '../simulator/faulty-server.ts';
import { SAMPLES } from '../example.ts';
import { envOf, fails, fakeProcess, hurriedClock, ok, program, sink } from '../program.ts';

let simulator: Simulator;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'classify-'));
});
afterEach(() => simulator?.close());

async function simulated(options: SimulatorOptions = {}): Promise<{ env: Record<string, string> }> {
  simulator = await startSimulator(options);
  return { env: envOf(simulator) };
}

async function input(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

function objects(csv: string): Record<string, string>[] {
  return parse(csv, { columns: true });
}

const samples = join(SAMPLES, 'tickets.csv');
const sampleLines = join(SAMPLES, 'tickets.jsonl');

describe('the samples', () => {
  test('go where a support lead would send them', async () => {
    const rows = objects(await ok([samples], await simulated()));
    const queues = new Map(rows.map((row) => [row['id'], row['ai_queue']]));
    expect(['T-1', 'T-2', 'T-3', 'T-4', 'T-5'].map((id) => queues.get(id))).toEqual([
      'critical-infrastructure',
      'billing-high',
      'urgent-security',
      'product-low',
      'general-high',
    ]);
    const erasure = rows.find((row) => row['id'] === 'T-5');
    expect(erasure).toMatchObject({
      ai_escalated: 'true',
      ai_model_used: 'simulated/claude-sonnet-4-6',
    });
    expect(erasure?.['ai_escalation_reason']).toMatch(/^pattern /);
  });

  test('say in every row that they are simulated, and in the first and last line of stderr', async () => {
    const { stdout, stderr } = await program([samples], await simulated());
    for (const row of objects(stdout)) {
      const asked = row['ai_attempts'] !== '0';
      expect(row['ai_status']).toBe(asked ? 'simulated' : 'needs_human_triage');
      expect(row['ai_model_used']).toMatch(asked ? /^simulated\// : /^$/);
    }
    expect(stderr.trimEnd().split('\n').at(-1)).toContain('SIMULATED');
  });

  test('keep their cells, their columns and their order', async () => {
    const before = parse(await readFile(samples, 'utf8'));
    const after = parse(await ok([samples], await simulated()));
    expect(after.map((row: string[]) => row.slice(0, 5))).toEqual(before);
  });

  test('are the same as CSV and as JSON lines', async () => {
    const world = await simulated();
    const rows = objects(await ok([samples], world));
    const lines = (await ok([sampleLines], world)).trimEnd().split('\n');
    const queues = lines.map((line) => JSON.parse(line).ai_queue);
    expect(queues).toEqual(rows.map((row) => row['ai_queue']));
  });
});

describe('money', () => {
  test('rows, summary and the server’s own figures agree exactly, whatever goes wrong', async () => {
    const world = await simulated({
      failures: [
        { what: 'overloaded', rate: 0.1 },
        { what: 'dropped_before', rate: 0.05 },
        { what: 'wrong_label', rate: 0.1 },
        { what: 'refused', rate: 0.05 },
        { what: 'html_page', rate: 0.05 },
        { what: 'truncated_json', rate: 0.05 },
      ],
    });
    const summaryFile = join(folder, 'money.json');
    const { stdout } = await program([samples, '--summary', summaryFile], world);
    const rows = objects(stdout);
    const summary = JSON.parse(await readFile(summaryFile, 'utf8'));

    const sum = rows.reduce(
      (all, row) => all + BigInt(Math.round(Number(row['ai_cost_usd']) * 2e9)),
      0n,
    );
    const served = Object.entries(MODELS).reduce((all, [name, model]) => {
      const { delivered } = simulator.stats.of(name);
      return all + costOf({ ...delivered, cacheWrite: delivered.cacheWrite5m }, model);
    }, 0);
    expect(usd(Number(sum))).toBe(usd(served));
    expect(summary.cost.cost_usd).toBe(Number(usd(served)));
    expect(summary.cost.rows_cost_usd).toBe(Number(usd(served)));

    const billedUnseen = Object.keys(MODELS).reduce(
      (all, name) => all + simulator.stats.of(name).lost.answers,
      0,
    );
    expect(summary.total.unknown_cost_calls).toBeGreaterThanOrEqual(billedUnseen);
    expect(billedUnseen).toBeGreaterThan(0);
    expect(summary.total.calls).toBe(simulator.stats.requests);
  });
});

describe('output', () => {
  test('-o gets its name when it is whole, in the format of its name', async () => {
    const output = join(folder, 'out.jsonl');
    expect(await ok([samples, '-o', output], await simulated())).toBe('');
    const lines = (await readFile(output, 'utf8')).trimEnd().split('\n');
    expect(lines).toHaveLength(40);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      id: 'T-1',
      ai_queue: 'critical-infrastructure',
    });
    expect(existsSync(`${output}.partial`)).toBe(false);
  });

  test('on a terminal goes beside the input', async () => {
    const path = await input('backlog.csv', 'id,body\n1,I was charged twice\n');
    expect(await ok([path], { ...(await simulated()), terminal: true })).toBe('');
    expect(await readFile(join(folder, 'backlog.classified.csv'), 'utf8')).toContain('ai_queue');
  });

  test('a header without rows is no failure, and is told', async () => {
    const { code, stdout, stderr } = await program(['-'], {
      ...(await simulated()),
      stdin: 'id,body\n',
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^id,body,ai_ticket_id,/);
    expect(stderr).toContain('No tickets');
  });

  test('a reader that goes away ends it without a wait for calls in the air', async () => {
    const failures: SimulatorOptions['failures'] = [
      { what: 'hang', when: ({ ticket }) => ticket.includes('hang') },
    ];
    const { env } = await simulated({ failures });
    const stdin = new PassThrough();
    const gone = Object.assign(new Error('EPIPE'), { code: 'EPIPE' });
    const stdout = Object.assign(new Writable({ write: (_, __, done) => done(gone) }), {
      isTTY: false,
    });
    const stderr = sink();
    const running = main(fakeProcess(['-', '-q'], { env, stdin }, stdout, stderr), hurriedClock());
    stdin.write('{"body":"I was charged twice"}\n{"body":"hang"}\n');
    expect(await running).toBe(0);
    expect(stderr.text()).toBe('');
  });

  test('--prefix and --limit', async () => {
    const world = await simulated();
    const rows = objects(await ok([samples, '--prefix', 'x.', '--limit', '2'], world));
    expect(rows).toHaveLength(2);
    expect(Object.keys(rows[0] ?? {})).toContain('x.queue');
  });

  test('the first row of a slow pipe is out before the second comes in', async () => {
    const { env } = await simulated();
    const stdin = new PassThrough();
    const stdout = sink();
    const process = fakeProcess(['-'], { env, stdin }, stdout, sink());
    const running = main(process, hurriedClock());
    stdin.write('{"id":1,"body":"I was charged twice"}\n');
    await expect.poll(() => stdout.text()).toContain('"ai_ticket_id":"1"');
    stdin.end('{"id":2,"body":"The page is slow"}\n');
    expect(await running).toBe(0);
    expect(stdout.text().trimEnd().split('\n')).toHaveLength(2);
  });

  test('-q says nothing', async () => {
    const { stderr } = await program([samples, '-q'], await simulated());
    expect(stderr).toBe('');
  });
});

test('a table is read by others as it was written, whatever line ends stand in its cells', async () => {
  const cells = [
    ['1', 'line\none', 'a\r\nb'],
    ['2', 'c\rd', 'plain'],
  ];
  for (const end of ['\n', '\r\n']) {
    const quoted = cells.map((row) => row.map((cell) => `"${cell}"`).join(','));
    const stdin = `${['id,body,note', ...quoted].join(end)}${end}`;
    const out = await ok(['-'], { ...(await simulated()), stdin });
    const broken = cells.flat().filter((cell) => /[\r\n]/.test(cell));
    expect(broken.filter((cell) => !out.includes(`"${cell}"`))).toEqual([]);
    await simulator.close();
  }
});

describe('an earlier output', () => {
  test.each([samples, sampleLines])(
    'of %s is recognised, and --replace replaces its columns',
    async (path) => {
      const world = await simulated();
      const first = await ok([path], world);
      const stderr = await fails(2, ['-'], { ...world, stdin: first });
      expect(stderr).toMatch(/earlier output of this program[^]*--replace/);
      const second = await ok(['-', '--replace'], { ...world, stdin: first });
      expect(second.split('\n')).toHaveLength(first.split('\n').length);
      // Nothing differs but what each run has of its own: times, cache and cost.
      const plain = (text: string) => text.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z|[\d.]+/g, '');
      expect(plain(second)).toBe(plain(first));
    },
  );

  test('in JSON lines keeps each row’s own text to the letter', async () => {
    const world = await simulated();
    const line = '{"id": 12345678901234567890, "body":"I was charged\\u0020twice"}';
    const first = await ok(['-'], { ...world, stdin: `${line}\n` });
    const second = await ok(['-', '--replace'], { ...world, stdin: first });
    expect(second.startsWith(`${line.slice(0, -1)},"ai_ticket_id"`)).toBe(true);
    expect(second.match(/ai_team"/g)).toHaveLength(1);
  });
});

test('--replace takes nothing out of what is no earlier output', async () => {
  const stdin = 'Issue key,Summary,Description,Status,Language\n1,a,b,c,d\n';
  const world = { ...(await simulated()), stdin };
  expect(await fails(2, ['-', '--replace', '--prefix', ''], world)).toContain('no earlier output');
});

test('--replace keeps other fields to the letter where somebody added one since', async () => {
  const world = await simulated();
  const line = '{"id": 12345678901234567890, "price":1.50, "body":"I was charged twice"}';
  const first = await ok(['-'], { ...world, stdin: `${line}\n` });
  const edited = `${first.trimEnd().slice(0, -1)},"reviewed":true}\n`;
  const second = await ok(['-', '--replace'], { ...world, stdin: edited });
  expect(second).toContain('"id":12345678901234567890,"price":1.50,');
  expect(second.match(/ai_team"/g)).toHaveLength(1);
});

test('--limit ends a slow pipe as soon as it has its rows', async () => {
  const { env } = await simulated();
  const stdin = new PassThrough();
  const stdout = sink();
  const running = main(
    fakeProcess(['-', '--limit', '1'], { env, stdin }, stdout, sink()),
    hurriedClock(),
  );
  stdin.write('{"body":"I was charged twice"}\n');
  expect(await running).toBe(0);
  expect(stdout.text()).toContain('ai_team');
});

describe('a row for each message', () => {
  const stdin =
    'ticket_id,body\nT-1,\nT-1,I was charged twice\nT-2,The page is slow\nT-1,Thank you\n';

  test('is warned of', async () => {
    const { stderr } = await program(['-'], { ...(await simulated()), stdin });
    expect(stderr).toContain('Ids repeat in the first rows');
    expect(stderr).toContain('--first-per-ticket');
  });

  test('--first-per-ticket asks once, and gives its verdict to the others', async () => {
    const world = { ...(await simulated()), stdin };
    const file = join(folder, 'first.json');
    const rows = objects(await ok(['-', '--first-per-ticket', '--summary', file], world));
    const { shared, cost } = JSON.parse(await readFile(file, 'utf8'));
    expect(shared).toBe(1);
    expect(cost.per_ticket_usd).toBeCloseTo(cost.rows_cost_usd / 3, 10);
    expect(simulator.stats.of('claude-haiku-4-5').requests).toBe(2);
    expect(
      rows.map((row) => [row['ai_team'], row['ai_reused'], row['ai_cost_usd'] === '0']),
    ).toEqual([
      ['', '', true],
      ['billing', 'false', false],
      [rows[2]?.['ai_team'], 'false', false],
      ['billing', 'true', true],
    ]);
  });
});

test('--excel is refused where the rows are no table', async () => {
  const stderr = await fails(2, [sampleLines, '--excel'], await simulated());
  expect(stderr).toContain('--output-format csv');
});

describe('one bad ticket never stops a run', () => {
  const text =
    '{"id":"a","body":"I was charged twice"}\nnot json\n{"id":"c","body":{"x":1}}\n{"id":"d"}\n';

  test('and comes out with its reason', async () => {
    const { code, stdout } = await program(['-'], { ...(await simulated()), stdin: text });
    expect(code).toBe(4);
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(
      rows.map((row) => [row.ai_queue === 'needs-human-triage', row.ai_triage_reason]),
    ).toEqual([
      [false, null],
      [true, 'line 2 is not JSON'],
      [true, 'body is an object or a list, not text'],
      [true, 'empty'],
    ]);
    expect(rows[1].line).toBe('not json');
  });

  test.each([
    ['2', 0],
    ['1', 4],
    ['50%', 0],
    ['49%', 4],
  ])('--allow-triage %s, with two that count, exits %i', async (allowed, expected) => {
    const world = { ...(await simulated()), stdin: text };
    expect((await program(['-', '--allow-triage', allowed], world)).code).toBe(expected);
  });

  test('a ticket that both models fail goes to a human with reasons and request ids', async () => {
    const failures = [
      {
        what: 'server_error',
        when: ({ ticket }: { ticket: string }) => ticket.includes('poison'),
      } as const,
    ];
    const stdin =
      '{"body":"I was charged twice"}\n{"body":"poison"}\n{"body":"The page is slow"}\n';
    const { code, stdout, stderr } = await program(['-'], {
      ...(await simulated({ failures })),
      stdin,
    });
    expect(code).toBe(4);
    const row = JSON.parse(stdout.split('\n')[1] ?? '');
    expect(row).toMatchObject({ ai_queue: 'needs-human-triage', ai_attempts: 8, ai_team: null });
    expect(row.ai_triage_reason).toMatch(
      /^fast model failed: 500 api_error.* \(request req_sim_\w+\); strong model failed: 500/,
    );
    expect(stderr).toContain('both failed');
  });
});

describe('what ends a run early', () => {
  test('keeps the rows so far in the partial, and says where', async () => {
    const output = join(folder, 'stopped.csv');
    const failures = [
      {
        what: 'billing',
        when: ({ ticket }: { ticket: string }) => ticket.includes('number 30'),
      } as const,
    ];
    const rows = Array.from(
      { length: 60 },
      (_, at) => `${at},I was charged twice for number ${at}`,
    );
    const path = await input('stopped-in.csv', `id,body\n${rows.join('\n')}\n`);
    const world = await simulated({ failures, latency: 1 });
    const stderr = await fails(3, [path, '-o', output, '-c', '4'], world);
    expect(stderr).toContain('The account may spend no more: 402 billing_error');
    expect(stderr).toContain(`were written to ${output}.partial`);
    const kept = objects(await readFile(`${output}.partial`, 'utf8')).map((row) =>
      Number(row['id']),
    );
    expect(kept).toEqual(kept.toSorted((one, other) => one - other));
    expect(kept).not.toContain(30);
    // Whatever was answered is kept, behind the ticket that ended it too.
    expect(kept).toHaveLength(simulator.stats.of('claude-haiku-4-5').delivered.answers);
    expect(kept.length).toBeLessThan(40);
  });

  test.each([
    [
      'csv',
      'id,body\n',
      (at: number) => `${at},number ${at}\n`,
      '"never closed\n51,x\n',
      'malformed quoting',
    ],
    ['json', '[\n', (at: number) => `{"id":"${at}","body":"number ${at}"},\n`, '{"id":', 'line 52'],
  ] as const)(
    'a fault in a %s file leaves every row before it in the partial',
    async (format, start, row, fault, why) => {
      const rows = Array.from({ length: 50 }, (_, at) => row(at)).join('');
      const path = await input(`faulty.${format}`, start + rows + fault);
      const output = join(folder, `faulty-${format}.jsonl`);
      const stderr = await fails(2, [path, '-o', output], await simulated());
      expect(stderr).toContain(why);
      expect(stderr).toContain(`line 52`);
      expect(stderr).toContain(`50 rows were written to ${output}.partial`);
      const kept = (await readFile(`${output}.partial`, 'utf8')).trimEnd().split('\n');
      expect(kept.map((line) => JSON.parse(line).id)).toEqual(
        Array.from({ length: 50 }, (_, at) => String(at)),
      );
    },
  );

  test('a refused key ends it at once, without a row and without a file', async () => {
    const output = join(folder, 'refused.csv');
    const stderr = await fails(2, [samples, '-o', output], await simulated({ apiKey: 'another' }));
    expect(stderr).toContain('refused the credentials: 401 authentication_error');
    expect(simulator.stats.requests).toBeLessThanOrEqual(2);
    expect(existsSync(`${output}.partial`)).toBe(false);
  });

  test('what was paid for rows that were never written is in the summary', async () => {
    const failures = [
      {
        what: 'billing',
        when: ({ model }: { model: string }) => model.includes('sonnet'),
      } as const,
    ];
    const file = join(folder, 'unwritten.json');
    const world = await simulated({ failures, latency: 5 });
    await program([samples, '--summary', file, '--threshold', '1'], world);
    const { cost, exit, total } = JSON.parse(await readFile(file, 'utf8'));
    expect(exit.code).toBe(3);
    const { delivered } = simulator.stats.of('claude-haiku-4-5');
    const model = MODELS['claude-haiku-4-5'];
    if (!model) throw new Error('no model');
    expect(cost.cost_usd).toBe(
      Number(usd(costOf({ ...delivered, cacheWrite: delivered.cacheWrite5m }, model))),
    );
    expect(cost.rows_cost_usd).toBeLessThan(cost.cost_usd);
    expect(total.calls).toBe(simulator.stats.requests);
  });

  test('calls that are never answered are counted, and told of as unknown cost', async () => {
    const file = join(folder, 'hung.json');
    const failures = [
      { what: 'hang', when: ({ ticket }: { ticket: string }) => ticket.includes('hang') } as const,
    ];
    const { env } = await simulated({ failures });
    const stdin = 'id,body\n1,I was charged twice\n2,hang\n3,hang on\n';
    const process = fakeProcess(['-', '--summary', file], { env, stdin }, sink(), sink());
    const running = main(process, hurriedClock(), 50);
    await expect.poll(() => simulator.stats.requests).toBe(3);
    process.signal('SIGINT');
    expect(await running).toBe(130);
    const { total, tickets } = JSON.parse(await readFile(file, 'utf8'));
    expect(tickets).toBe(1);
    expect(total).toMatchObject({ calls: 3, answered: 1, unknown_cost_calls: 2 });
  });

  test('the first Ctrl-C finishes what is in the air, says so, and exits 130', async () => {
    const { env } = await simulated({ latency: 20 });
    const rows = Array.from(
      { length: 400 },
      (_, at) => `${at},I was charged twice for number ${at}`,
    );
    const stdin = `id,body\n${rows.join('\n')}\n`;
    const [stdout, stderr] = [sink(), sink()];
    const process = fakeProcess(['-', '-c', '5'], { env, stdin }, stdout, stderr);
    const running = main(process, hurriedClock());
    await expect.poll(() => stdout.text().split('\n').length).toBeGreaterThan(10);
    process.signal('SIGINT');
    expect(await running).toBe(130);
    expect(process.exits).toEqual([]);
    expect(stderr.text()).toContain('Interrupted: nothing new is sent');
    const written = objects(stdout.text()).length;
    const { delivered } = simulator.stats.of('claude-haiku-4-5');
    expect(delivered.answers - written).toBeLessThan(12);
  });

  test('a second one leaves at once', async () => {
    const { env } = await simulated({ failures: [{ what: 'hang' }] });
    const process = fakeProcess(['-'], { env, stdin: 'body\nhello there\n' }, sink(), sink());
    void main(process, hurriedClock());
    await expect.poll(() => simulator.stats.requests).toBe(1);
    process.signal('SIGTERM');
    process.signal('SIGTERM');
    expect(process.exits).toEqual([143]);
  });
});

describe('bad use says what happened, where, and what to do', () => {
  const noKey = { env: {} };
  test.each([
    ['no key', [samples], /ANTHROPIC_API_KEY is not set.*\n.*--simulate/],
    [
      'a file that is not there',
      ['nowhere.csv', '--simulate'],
      /Can't read nowhere\.csv: there is no such file/,
    ],
    ['an unknown flag', [samples, '--simulat'], /unknown option '--simulat'\n.*--simulate/],
    [
      'an unknown column',
      [samples, '--columns', 'body=bdy', '--simulate'],
      /no such column.*"subject"[^]*--columns body=body/,
    ],
    [
      'no text column',
      [join(SAMPLES, '..', 'package.json'), '--input-format', 'csv', '--simulate'],
      /No column holds the tickets' text/,
    ],
    [
      'a playbook that is not there',
      [samples, '--playbook', 'nowhere', '--simulate'],
      /No playbook in nowhere: playbook\.yaml is not there/,
    ],
    [
      'a model without a price',
      [samples, '--fast-model', 'gpt', '--simulate'],
      /price of model gpt is not known[^]*models\.prices/,
    ],
    [
      'the summary is the input',
      [samples, '--summary', samples, '--simulate'],
      /--summary .* is another file of this run/,
    ],
    [
      'the summary is the output',
      [samples, '-o', 'same.csv', '--summary', './same.csv', '--simulate'],
      /is another file of this run/,
    ],
    [
      'a summary in no folder',
      [samples, '--summary', '/nowhere/summary.json', '--simulate'],
      /Can't write \/nowhere\/summary\.json.*\n.*Nothing was sent/,
    ],
    ['the output is the input', [samples, '-o', samples, '--simulate'], /is an input of this run/],
    [
      'a name that promises another format',
      [samples, '-o', 'x.xlsx', '--simulate'],
      /\.xlsx is no format/,
    ],
    ['a mistyped command', ['shw'], /no such command\.\n.*ticket-classify show/],
  ])('%s', async (_, args, message) => {
    expect(await fails(2, args, noKey)).toMatch(message);
  });

  test.each([
    ['http://example.com', 'unencrypted'],
    ['https://api.anthropic.com/v1', 'without /v1'],
    ['nonsense', 'no web address'],
  ])('a base URL of %s', async (url, message) => {
    const env = { ANTHROPIC_API_KEY: 'k', ANTHROPIC_BASE_URL: url };
    expect(await fails(2, [samples], { env })).toContain(message);
  });

  test('a column of ours in the input names a prefix that avoids it', async () => {
    const stdin = 'id,body,AI_Queue\n1,x,y\n';
    const stderr = await fails(2, ['-', '--simulate'], { stdin });
    expect(stderr).toMatch(/AI_Queue[^]*--prefix ai2_/);
  });

  test('a late clash in JSON lines stops before that ticket is asked', async () => {
    const { env } = await simulated();
    const stdin = new PassThrough();
    const [stdout, stderr] = [sink(), sink()];
    const running = main(fakeProcess(['-'], { env, stdin }, stdout, stderr), hurriedClock());
    stdin.write('{"body":"I was charged twice"}\n');
    await expect.poll(() => stdout.text()).toContain('ai_team');
    stdin.end('{"body":"late","ai_team":"x"}\n');
    expect(await running).toBe(2);
    expect(stderr.text()).toContain('stdin, line 2');
    expect(stdout.text().trimEnd().split('\n')).toHaveLength(1);
    expect(simulator.stats.requests).toBeLessThanOrEqual(2);
  });

  test('a file of another encoding comes with the command that reads it', async () => {
    const path = join(folder, 'it’s excel.csv');
    await writeFile(path, Buffer.from('id,body\n1,caf\xe9 f\xfcr 5 \x80\n', 'latin1'));
    const stderr = await fails(2, [path, '--simulate']);
    expect(stderr).toContain(`ticket-classify '${path}' --simulate --encoding windows-1252`);
    const out = await ok([path, '--encoding', 'windows-1252'], await simulated());
    expect(out).toContain('café für 5 €');
  });

  test('nothing piped in shows the help', async () => {
    expect(await fails(2, [])).toContain('Usage: ticket-classify');
  });
});
