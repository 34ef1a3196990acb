// Playbook → what Claude is sent with every ticket: the system prompt and the tool.
import { CONFIDENCE_OF, FIELDS, type Field } from '../ticket.ts';
import type { Label, WorkedExample } from './playbook.ts';

export const TOOL_NAME = 'classify_ticket';

/** JSON schema of the tool's input, within what `strict: true` accepts (no numeric or length bounds). */
export interface Tool {
  name: typeof TOOL_NAME;
  description: string;
  strict: true;
  input_schema: {
    type: 'object';
    properties: Record<string, { type: 'string' | 'number'; description: string; enum?: string[] }>;
    required: string[];
    additionalProperties: false;
  };
}

export function toolFrom(labels: Record<Field, Label[]>): Tool {
  const properties: Tool['input_schema']['properties'] = {};
  for (const field of FIELDS) {
    properties[field] = {
      type: 'string',
      description: `The ${field.replace('_', ' ')} that fits best.`,
      enum: labels[field].map((label) => label.name),
    };
    properties[CONFIDENCE_OF[field]] = {
      type: 'number',
      description: `How sure the ${field.replace('_', ' ')} is, from 0 to 1.`,
    };
  }
  properties['summary'] = {
    type: 'string',
    description: 'What the ticket is about: one English sentence of at most 120 characters.',
  };
  properties['routing_reason'] = {
    type: 'string',
    description: 'The fact that decided the labels: one English sentence.',
  };
  return {
    name: TOOL_NAME,
    description: 'Record the classification of the support ticket.',
    strict: true,
    input_schema: {
      type: 'object',
      properties,
      required: Object.keys(properties),
      additionalProperties: false,
    },
  };
}

/** The text sent for a ticket: one JSON object, so that nothing in it can close a delimiter. */
export function ticketText(ticket: WorkedExample['ticket']): string {
  const { account_tier, subject, body } = ticket;
  return JSON.stringify({ account_tier, subject, body });
}

const VARIABLE = /\{\{\s*(.*?)\s*\}\}/g;
const VARIABLES = ['teams', 'ticket_types', 'urgencies', 'sentiments', 'examples'] as const;

/** Each variable of `system.md` that is unknown or missing. */
export function templateMistakes(template: string): string[] {
  const used = [...template.matchAll(VARIABLE)].map(([text, name]) => ({ text, name }));
  const unknown = used.filter(({ name }) => !VARIABLES.some((known) => known === name));
  const missing = VARIABLES.filter((known) => !used.some(({ name }) => name === known));
  return [
    ...unknown.map(({ text }) => `system.md: ${text} is not a variable`),
    ...missing.map((name) => `system.md: {{${name}}} is missing`),
  ];
}

/** Fills `{{teams}}` and its like in, in a template without mistakes. */
export function renderSystem(
  template: string,
  labels: Record<Field, Label[]>,
  examples: readonly WorkedExample[],
): string {
  const values: Record<string, string> = {
    teams: labelList(labels.team),
    ticket_types: labelList(labels.ticket_type),
    urgencies: labelList(labels.urgency),
    sentiments: labelList(labels.sentiment),
    examples: examples.map(exampleText).join('\n\n'),
  };
  return template.replace(VARIABLE, (text, name: string) => values[name] ?? text).trim();
}

function labelList(labels: readonly Label[]): string {
  return labels.map(({ name, description }) => `- ${name}: ${description.trim()}`).join('\n');
}

function exampleText({ ticket, answer }: WorkedExample): string {
  const lines = [
    `<ticket>${ticketText(ticket)}</ticket>`,
    `<${TOOL_NAME}>${JSON.stringify(answer)}</${TOOL_NAME}>`,
  ];
  return `<example>\n${lines.join('\n')}\n</example>`;
}
