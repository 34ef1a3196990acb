// An answer ↔ its line in the ledger.
import { halfNanosOf, usd } from '../ground/money.ts';
import { answerKey, type Asker } from '../ground/keys.ts';
import {
  CONFIDENCE_OF,
  FIELDS,
  type Field,
  type InvalidAnswer,
  type Ticket,
  type ValidAnswer,
} from '../ticket.ts';
import type { AnswerLine } from './format.ts';

type PaidAnswer = ValidAnswer | InvalidAnswer;

/** @param playbook its identity */
export function answerLine(
  answer: PaidAnswer,
  { textHash, language }: Pick<Ticket, 'textHash' | 'language'>,
  asker: Asker,
  playbook: string,
): AnswerLine {
  const { usage } = answer;
  const head = {
    kind: 'answer',
    key: answerKey(asker, textHash),
    text: textHash,
    host: asker.host,
    model: answer.model,
    playbook,
    time: answer.answeredAt,
    language,
  } as const;
  const paid = {
    input_tokens: usage.input,
    cache_read_tokens: usage.cacheRead,
    cache_write_tokens: usage.cacheWrite,
    output_tokens: usage.output,
    cost_usd: Number(usd(answer.cost)),
    latency_ms: answer.latencyMs,
    attempts: answer.attempts,
    unknown_cost_calls: answer.unknown,
    unknown_cost_at_most_usd: Number(usd(answer.unknownCost)),
    request_id: answer.requestId,
    ...(answer.batch === null ? {} : { batch: answer.batch }),
    via: answer.simulated ? 'simulated' : answer.batch === null ? 'live' : 'batch',
  } as const;
  if (answer.kind === 'invalid') return { ...head, status: 'invalid', why: answer.why, ...paid };
  const { labels, confidence, summary, routingReason } = answer;
  return {
    ...head,
    status: 'valid',
    team: labels.team,
    team_confidence: confidence.team,
    ticket_type: labels.ticket_type,
    type_confidence: confidence.ticket_type,
    urgency: labels.urgency,
    urgency_confidence: confidence.urgency,
    sentiment: labels.sentiment,
    sentiment_confidence: confidence.sentiment,
    summary,
    routing_reason: routingReason,
    ...paid,
  };
}

export function answerOfLine(line: AnswerLine): PaidAnswer {
  const paid = {
    model: line.model,
    key: line.key,
    usage: {
      input: line.input_tokens,
      cacheRead: line.cache_read_tokens,
      cacheWrite: line.cache_write_tokens,
      output: line.output_tokens,
    },
    cost: halfNanosOf(line.cost_usd),
    latencyMs: line.latency_ms,
    batch: line.batch ?? null,
    attempts: line.attempts,
    unknown: line.unknown_cost_calls,
    unknownCost: halfNanosOf(line.unknown_cost_at_most_usd),
    requestId: line.request_id,
    simulated: line.via === 'simulated',
    answeredAt: line.time,
    reused: true,
    shared: false,
  };
  if (line.status === 'invalid') return { kind: 'invalid', why: line.why, ...paid };
  const labels = of((field) => line[field]);
  const confidence = of((field) => line[CONFIDENCE_OF[field]]);
  const { summary, routing_reason: routingReason } = line;
  return { kind: 'valid', labels, confidence, summary, routingReason, ...paid };
}

function of<T>(value: (field: Field) => T): Record<Field, T> {
  const [team, ticket_type, urgency, sentiment] = FIELDS;
  return {
    team: value(team),
    ticket_type: value(ticket_type),
    urgency: value(urgency),
    sentiment: value(sentiment),
  };
}
