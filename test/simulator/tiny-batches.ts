import type Anthropic from '@anthropic-ai/sdk';
import type { MessageCreateParamsNonStreaming } from '@anthropic-ai/sdk/resources/messages';
import type {
  BatchCreateParams,
  MessageBatch,
  MessageBatchIndividualResponse,
} from '@anthropic-ai/sdk/resources/messages/batches';
import type { SimulatorOptions } from './faulty-server.ts';
import { desk, params, ticket, type Desk } from './tiny-desk.ts';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

type Entry = BatchCreateParams.Request;

/** Requests `t0`, `t1` … that ask about bowl 0, bowl 1 … */
export function bowls(
  count: number,
  changes: Partial<MessageCreateParamsNonStreaming> = {},
): Entry[] {
  return Array.from({ length: count }, (_, i) => ({
    custom_id: `t${i}`,
    params: params({
      messages: [{ role: 'user', content: ticket(`The broth in bowl ${i} was cold.`) }],
      ...changes,
    }),
  }));
}

export interface BatchDesk extends Desk {
  batches: Anthropic['messages']['batches'];
  pass(ms: number): void;
  create(requests: Entry[]): Promise<MessageBatch>;
  /** Of a batch that has ended, in the order sent if they are `bowls`. */
  results(id: string): Promise<MessageBatchIndividualResponse[]>;
  /** Makes a batch that takes no time, and fetches what came of it. */
  resultsOf(requests: Entry[]): Promise<MessageBatchIndividualResponse[]>;
}

/** With a clock that stands at 2026-11-01 until it is told to go on. */
export async function batchDesk(options: SimulatorOptions = {}): Promise<BatchDesk> {
  let time = Date.UTC(2026, 10, 1);
  const opened = await desk({ now: () => time, ...options });
  const { batches } = opened.client.messages;

  async function results(id: string): Promise<MessageBatchIndividualResponse[]> {
    const lines: MessageBatchIndividualResponse[] = [];
    for await (const line of await batches.results(id)) lines.push(line);
    return lines.toSorted((a, b) => placeOf(a) - placeOf(b));
  }

  return {
    ...opened,
    batches,
    pass: (ms) => (time += ms),
    create: (requests) => batches.create({ requests }),
    results,
    resultsOf: async (requests) => results((await batches.create({ requests })).id),
  };
}

export function messageOf({ result }: MessageBatchIndividualResponse): Anthropic.Message {
  if (result.type !== 'succeeded') throw new Error(`The request ended ${result.type}.`);
  return result.message;
}

/** How each request ended, in the order sent. */
export function endings(lines: MessageBatchIndividualResponse[]): string[] {
  return lines.map(({ result }) => result.type);
}

function placeOf({ custom_id: id }: MessageBatchIndividualResponse): number {
  return Number(id.replace(/\D/g, ''));
}
