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

/** @param lean without summary and reason */
export function toolFrom(labels: Record<Field, Label[]>, lean: boolean): Tool {
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
  if (!lean) {
    properties['summary'] = {
      type: 'string',
      description: 'What the ticket is about: one English sentence of at most 120 characters.',
    };
    properties['routing_reason'] = {
      type: 'string',
      description: 'The fact that decided the labels: one English sentence.',
    };
  }
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

/** What only a run without `--lean` sends; marks on lines of their own take these with them. */
const FULL =
  /^<!-- full -->\r?\n([^]*?)^<!-- \/full -->\r?\n|<!-- full -->([^]*?)<!-- \/full -->/gm;
/** One that is misspelt, or has no partner. */
const MARK = /<!-- *\/?\w+ *-->/g;
/** As a prompt names the fields that the lean tool has not. */
const NOT_LEAN = /`summary`|\brouting_reason\b/g;

/** Each variable of `system.md` that is unknown or missing, and what contradicts the lean tool. */
export function templateMistakes(template: string, lean: boolean): string[] {
  const prompt = withSections(template, lean);
  const extra = lean ? new Set(prompt.match(NOT_LEAN)) : [];
  const used = [...prompt.matchAll(VARIABLE)].map(([text, name]) => ({ text, name }));
  const unknown = used.filter(({ name }) => !VARIABLES.some((known) => known === name));
  const missing = VARIABLES.filter((known) => !used.some(({ name }) => name === known));
  return [
    ...(prompt.match(MARK) ?? []).map((mark) => `system.md: ${mark} is no mark, or has no partner`),
    ...unknown.map(({ text }) => `system.md: ${text} is not a variable`),
    ...missing.map((name) => `system.md: {{${name}}} is missing`),
    ...[...extra].map(
      (name) =>
        `system.md: ${name} is not asked for with --lean; put it between <!-- full --> and <!-- /full -->`,
    ),
  ];
}

/** Fills `{{teams}}` and its like in, in a template without mistakes. */
export function renderSystem(
  template: string,
  labels: Record<Field, Label[]>,
  examples: readonly WorkedExample[],
  lean: boolean,
): string {
  const values: Record<string, string> = {
    teams: labelList(labels.team),
    ticket_types: labelList(labels.ticket_type),
    urgencies: labelList(labels.urgency),
    sentiments: labelList(labels.sentiment),
    examples: examples.map((example) => exampleText(example, lean)).join('\n\n'),
  };
  const text = withSections(template, lean);
  return text.replace(VARIABLE, (variable, name: string) => values[name] ?? variable).trim();
}

function withSections(template: string, lean: boolean): string {
  return template.replace(FULL, (_, lines?: string, words?: string) =>
    lean ? '' : (lines ?? words ?? ''),
  );
}

function labelList(labels: readonly Label[]): string {
  return labels.map(({ name, description }) => `- ${name}: ${description.trim()}`).join('\n');
}

function exampleText({ ticket, answer }: WorkedExample, lean: boolean): string {
  const { summary: _, routing_reason: __, ...leanAnswer } = answer;
  const lines = [
    `<ticket>${ticketText(ticket)}</ticket>`,
    `<${TOOL_NAME}>${JSON.stringify(lean ? leanAnswer : answer)}</${TOOL_NAME}>`,
  ];
  return `<example>\n${lines.join('\n')}\n</example>`;
}
