import { describe, expect, it } from 'vitest';
import { failures } from '../src/ground/errors.ts';
import type { Memory } from '../src/ledger/memory.ts';
import { classify, classifyOne } from '../src/pipeline.ts';
import type { Ask, Routed, Row, Ticket } from '../src/ticket.ts';
import { supportPlaybook, ticket, valid } from './example.ts';

const playbook = await supportPlaybook();

/** Of a desk that has never seen a ticket. */
const forgetful: Memory = {
  recall: () => ({ past: null, kept: null }),
  record: () => {},
  answerTo: () => null,
};

function by(ask: Ask) {
  return { ask, memory: forgetful, playbook, stop: new AbortController() };
}

const sure: Ask = async () => valid();

describe('one ticket', () => {
  it('goes to its queue', async () => {
    const routed = await classifyOne(ticket(), by(sure));
    expect(routed).toMatchObject({ queue: 'billing-high', escalated: false });
  });

  it('for which a station throws goes to a human, with what was thrown', async () => {
    const routed = await classifyOne(
      ticket(),
      by(async () => {
        throw new RangeError('Maximum call stack size exceeded');
      }),
    );
    expect(routed).toMatchObject({ queue: 'needs-human-triage', answer: null, asked: [] });
    expect(routed.triage).toEqual({
      reason: 'unreadable',
      detail:
        'it could not be processed, which is a fault of ours: RangeError: Maximum call stack size exceeded',
    });
  });

  it('ends the run with what ends the run', async () => {
    const failure = failures.inputGrew();
    const desk = by(async () => {
      throw failure;
    });
    await expect(classifyOne(ticket(), desk)).rejects.toBe(failure);
  });
});

describe('many tickets', () => {
  async function* rowsOf(tickets: readonly Ticket[]): AsyncGenerator<Row> {
    for (const each of tickets) yield each.row;
  }

  function about(id: string, changes: Partial<Ticket> = {}): Ticket {
    const { row } = ticket();
    return ticket({ id, row: { ...row, line: Number(id) }, ...changes });
  }

  async function all(tickets: readonly Ticket[], ask: Ask) {
    const byRow = new Map<Row, Ticket>(tickets.map((each) => [each.row, each]));
    const stations = {
      ...by(ask),
      toTicket: (row: Row) => byRow.get(row) ?? ticket(),
      firstPerTicket: false,
    };
    const routed: Routed[] = [];
    for await (const one of classify(rowsOf(tickets), stations)) routed.push(one);
    return routed;
  }

  it('come out though one of them makes a station throw', async () => {
    const routed = await all([about('1'), about('2'), about('3')], async (_, { id }) => {
      if (id === '2') throw new TypeError('Cannot read properties of null');
      return valid();
    });
    expect(routed.map(({ ticket: { id }, queue }) => `${id} ${queue}`)).toEqual([
      '1 billing-high',
      '2 needs-human-triage',
      '3 billing-high',
    ]);
  });
});
