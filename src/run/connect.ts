// Settings → `ask` over Claude, or over the built-in stand-in; the rest of the program can't tell.
import { claudeBatches, type ClaudeBatches } from '../claude/batches.ts';
import { cachedForHour, tariff } from '../claude/models.ts';
import { randomBytes } from 'node:crypto';
import { askClaude, type Claude, type ClaudeOptions } from '../claude/ask-claude.ts';
import { messagesUrl, newClient, openClient } from '../claude/client.ts';
import { isHere } from '../claude/proxy.ts';
import type { Settings } from '../settings/resolve.ts';

export interface Connection extends Claude {
  batches: ClaudeBatches;
  /** Where messages go. */
  url: string;
  /** Under which its answers are remembered; see `Asker`. */
  host: string;
  close: () => Promise<void>;
}

/** Under which a stand-in's answers are remembered, wherever it listens. */
const SIMULATOR = 'simulator';

type Context = Pick<
  ClaudeOptions,
  'clock' | 'note' | 'log' | 'stop' | 'leave' | 'end' | 'abandoned' | 'budget' | 'prefixTokens'
>;

/** @throws Failure without credentials, or for a host that may not be used; nothing is sent. */
export async function connect(settings: Settings, context: Context): Promise<Connection> {
  const { flags, playbook, models, access, findProxy, isCapped } = settings;
  const simulated = flags.simulate ? await standIn() : null;
  const { concurrency } = flags;
  const client = await openClient({
    ...(simulated?.access ?? access),
    findProxy,
    concurrency,
    log: context.log,
  });
  const { batch, maxWait } = flags;
  const { ask, waited } = askClaude({
    ...context,
    client,
    playbook,
    // A prefix that a batch is to find must outlive the wait for it.
    models: batch ? tariff(models, cachedForHour) : tariff(models),
    cachedFor: batch ? '1h' : '5m',
    concurrency,
    maxWait,
    timeoutSeconds: flags.timeout.seconds,
    isCapped,
  });
  const batches = claudeBatches({ ...context, client, maxWait });
  const url = messagesUrl(client);
  const host = flags.simulate ? SIMULATOR : new URL(url).host;
  return { ask, waited, batches, url, host, close: async () => simulated?.close() };
}

/** @throws Failure without credentials, or for a host that may not be used; nothing is sent. */
export async function connectBatches(
  { access, findProxy, flags }: Settings,
  context: Pick<Context, 'clock' | 'log' | 'stop' | 'leave'>,
): Promise<{ batches: ClaudeBatches }> {
  const client = await openClient({ ...access, findProxy, log: context.log });
  return { batches: claudeBatches({ ...context, client, maxWait: flags.maxWait }) };
}

/** Where messages would go, for those who send none: no credentials are needed. */
export function addressOf({ flags, access }: Settings): Pick<Connection, 'url' | 'host'> {
  const url = messagesUrl(newClient({ ...access, log: () => {} }));
  return { url, host: flags.simulate ? SIMULATOR : new URL(url).host };
}

/** What the answers of a run will be; null on this machine, where a simulator may listen too. */
export function expectsSimulated({ flags, access }: Settings): boolean | null {
  if (flags.simulate) return true;
  return access.baseURL !== null && isHere(access.baseURL) ? null : false;
}

async function standIn(): Promise<{
  access: Settings['access'];
  close: () => Promise<void>;
}> {
  const { startSimulator } = await import('../simulator/simulator.ts');
  const { url, close } = await startSimulator({
    latency: 'real',
    // Long enough to be seen; and a ledger may hold the ids of stand-ins that are gone.
    batches: { takesMs: 5_000, name: randomBytes(4).toString('hex') },
  });
  return { access: { apiKey: 'simulated', authToken: null, baseURL: url }, close };
}
