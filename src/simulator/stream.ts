// A message in, the events out that bring it piece by piece.

import { jsonReply, type Reply } from './reply.ts';
import { isObject, type JsonObject } from './shape.ts';

/** The reply to `stream: true`, an event a part. */
export function streamReply(message: unknown): Reply {
  const headers = { 'content-type': 'text/event-stream; charset=utf-8' };
  return { ...jsonReply(200, '', headers), body: eventsOf(isObject(message) ? message : {}) };
}

export function eventText(event: JsonObject & { type: string }): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** Usage comes twice: the input's at the start, all of it at the end. */
function eventsOf(message: JsonObject): string[] {
  const usage = isObject(message['usage']) ? message['usage'] : {};
  const content: unknown[] = Array.isArray(message['content']) ? message['content'] : [];
  const blocks = content.filter(isObject);
  const begun = { stop_reason: null, stop_sequence: null, stop_details: null };
  const start = { ...message, ...begun, content: [], usage: { ...usage, output_tokens: 1 } };
  const { stop_reason, stop_sequence, stop_details, container } = message;
  return [
    { type: 'message_start', message: start },
    ...blocks.flatMap(blockEvents).toSpliced(1, 0, { type: 'ping' }),
    {
      type: 'message_delta',
      delta: { stop_reason, stop_sequence, stop_details, container },
      usage: totals(usage),
    },
    { type: 'message_stop' },
  ].map(eventText);
}

function totals(usage: JsonObject): JsonObject {
  const { input_tokens, cache_creation_input_tokens, cache_read_input_tokens } = usage;
  const { output_tokens, output_tokens_details, server_tool_use } = usage;
  const input = { input_tokens, cache_creation_input_tokens, cache_read_input_tokens };
  return { ...input, output_tokens, output_tokens_details, server_tool_use };
}

type Event = JsonObject & { type: string };

function blockEvents(block: JsonObject, index: number): Event[] {
  const { empty, deltas } = piecesOf(block);
  return [
    { type: 'content_block_start', index, content_block: empty },
    ...deltas.map((delta): Event => ({ type: 'content_block_delta', index, delta })),
    { type: 'content_block_stop', index },
  ];
}

/** A block as it begins, and what is added to it. */
function piecesOf(block: JsonObject): { empty: JsonObject; deltas: JsonObject[] } {
  switch (block['type']) {
    case 'tool_use': {
      // The first piece is always empty.
      const pieces = ['', ...cut(JSON.stringify(block['input']))];
      const deltas = pieces.map((piece) => ({ type: 'input_json_delta', partial_json: piece }));
      return { empty: { ...block, input: {} }, deltas };
    }
    case 'text': {
      const deltas = cut(String(block['text'])).map((text) => ({ type: 'text_delta', text }));
      return { empty: { ...block, text: '' }, deltas };
    }
    case 'thinking': {
      const { signature } = block;
      const empty = { ...block, thinking: '', signature: '' };
      return { empty, deltas: [{ type: 'signature_delta', signature }] };
    }
    default:
      return { empty: block, deltas: [] };
  }
}

/** Characters of a piece: a few tokens. */
const PIECE = 24;

function cut(text: string): string[] {
  return text.match(new RegExp(`.{1,${PIECE}}`, 'gsu')) ?? [];
}
