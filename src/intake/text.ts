// A ticket's fields as read → as a reader sees them → as sent.
import type { Playbook } from '../playbook/playbook.ts';
import type { Settings } from '../settings/resolve.ts';
import type { ColumnField } from '../ticket.ts';
import { cutQuotes } from './cut-quotes.ts';
import { htmlText } from './html-text.ts';

export type Fields = Record<ColumnField, string>;

/** What the steps below look at. */
export interface TextSettings {
  flags: Pick<Settings['flags'], 'cutQuotes'>;
  playbook: Pick<Playbook, 'maxBodyChars' | 'nativeLanguages' | 'patterns'>;
}

type TextStep = (fields: Fields) => Fields;

/**
 * All that is done to a ticket's text, in this order: what stays on this machine (ids, patterns)
 * reads it as it is `seen`, Claude as it is `sent`.
 */
export function textSteps({ flags, playbook }: TextSettings): Record<'seen' | 'sent', TextStep> {
  return {
    seen: inTurn(ofBody(htmlText), ofEach(cleanText), ofEach(plainId)),
    sent: inTurn(
      ...(flags.cutQuotes ? [ofBody((text, subject) => cutQuotes(subject, text))] : []),
      ofBody((text) => cutMiddle(text, playbook.maxBodyChars)),
    ),
  };
}

function inTurn(...steps: TextStep[]): TextStep {
  return (fields) => steps.reduce((text, step) => step(text), fields);
}

function ofBody(change: (body: string, subject: string) => string): TextStep {
  return (fields) => ({ ...fields, body: change(fields.body, fields.subject) });
}

function ofEach(change: (text: string) => string): TextStep {
  return ({ id, subject, body, account_tier }) => ({
    id: change(id),
    subject: change(subject),
    body: change(body),
    account_tier: change(account_tier),
  });
}

/** A long id, as `--excel` writes it, without what keeps a spreadsheet from rounding it. */
function plainId(text: string): string {
  return /^="([\dE]+)"$/i.exec(text)?.[1] ?? text;
}

/** Most texts have none of what is taken out or changed, and one look is cheaper than three passes. */
const UNCLEAN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]|\p{Surrogate}/u;
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;
const LONE_SURROGATE = /\p{Surrogate}/gu;

/** Without what no reader sees and the API may refuse: control characters, lone surrogates, outer space. */
export function cleanText(text: string): string {
  if (!UNCLEAN.test(text)) return text.trim();
  return text.replace(/\r\n?/g, '\n').replace(CONTROL, '').replace(LONE_SURROGATE, '').trim();
}

/**
 * A longer text as its first three quarters and its last quarter, with a mark between; never cut
 * inside a character. @param most in UTF-16 units, the mark not counted
 */
export function cutMiddle(text: string, most: number): string {
  if (text.length <= most) return text;
  const headEnd = betweenCharacters(text, Math.floor(most * 0.75));
  const tailStart = betweenCharacters(text, text.length - (most - Math.floor(most * 0.75)));
  const left = tailStart - headEnd;
  return `${text.slice(0, headEnd)}\n[… ${left} characters left out …]\n${text.slice(tailStart)}`;
}

function betweenCharacters(text: string, at: number): number {
  const insidePair =
    /[\udc00-\udfff]/.test(text[at] ?? '') && /[\ud800-\udbff]/.test(text[at - 1] ?? '');
  return insidePair ? at - 1 : at;
}
