// The library: what a program gets, and what it leaves behind.
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { classifyTickets, Failure } from '../src/index.ts';
import { startSimulator } from './simulator/faulty-server.ts';

let ledger: string;
beforeEach(async () => {
  ledger = join(await mkdtemp(join(tmpdir(), 'library-')), 'ledger.jsonl');
  onTestFinished(() => void vi.unstubAllEnvs());
});

async function server() {
  const simulator = await startSimulator();
  onTestFinished(simulator.close);
  vi.stubEnv('ANTHROPIC_BASE_URL', simulator.url);
  vi.stubEnv('ANTHROPIC_API_KEY', 'test');
  return simulator;
}

function tickets(count: number) {
  return Array.from({ length: count }, (_, at) => ({
    id: `T-${at}`,
    subject: 'A question',
    body: `How do we change the language of report ${at}?`,
  }));
}

async function answersKept(): Promise<number> {
  const lines = (await readFile(ledger, 'utf8')).split('\n');
  return lines.filter((line) => line.startsWith('{"kind":"answer"')).length;
}

describe('what is in the air is kept', () => {
  it('when the program that reads the verdicts breaks off', async () => {
    const { stats } = await server();
    for await (const { id } of classifyTickets(tickets(60), { ledger, concurrency: 20 })) {
      if (id === 'T-3') break;
    }
    expect(stats.inFlight).toBe(0);
    expect(await answersKept()).toBe(stats.requests);
  });

  it('when it aborts', async () => {
    const { stats } = await server();
    const abort = new AbortController();
    const reason = new Error('enough');
    const run = async () => {
      const options = { ledger, concurrency: 20, signal: abort.signal };
      for await (const { id } of classifyTickets(tickets(60), options)) {
        if (id === 'T-3') abort.abort(reason);
      }
    };
    await expect(run()).rejects.toBe(reason);
    expect(stats.inFlight).toBe(0);
    expect(await answersKept()).toBe(stats.requests);
  });
});

it('a start that fails lets go of the ledger', async () => {
  vi.stubEnv('ANTHROPIC_BASE_URL', 'https://api.anthropic.com');
  vi.stubEnv('ANTHROPIC_API_KEY', undefined);
  vi.stubEnv('ANTHROPIC_AUTH_TOKEN', undefined);
  vi.stubEnv('HOME', tmpdir());
  for (let time = 1; time <= 2; time++) {
    const failure = await classifyTickets(tickets(1), { ledger })
      .next()
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Failure);
    expect(failure).toMatchObject({ exit: 2 });
  }
});
