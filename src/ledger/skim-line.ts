import type { AnswerLine, VerdictLine } from './format.ts';

/** As much of a line as an index needs. */
export type Skimmed =
  | ({ kind: 'answer' } & Pick<AnswerLine, 'text' | 'host' | 'model' | 'playbook' | 'time'>)
  | ({ kind: 'verdict'; said: string } & Pick<VerdictLine, 'id' | 'text' | 'repeated'>);

const HASH = '"([0-9a-f]{32})"';
const PLAIN = String.raw`"([^"\\]*)"`;
const ANSWER = new RegExp(
  `^\\{"kind":"answer","key":${HASH},"text":${HASH},"host":${PLAIN},"model":${PLAIN},"playbook":${PLAIN},"time":${PLAIN},.*"\\}$`,
);
const VERDICT = new RegExp(
  `^\\{"kind":"verdict","id":${PLAIN},"text":${HASH},"repeated":(true|false),(.*?),"playbook":${PLAIN},.*"\\}$`,
);

/**
 * The head of a line that has the order in which this program writes it: parsing all of a million
 * lines takes five times as long. Null for any other line, which may be a good one all the same.
 */
export function skimLine(line: string): Skimmed | null {
  const answer = ANSWER.exec(line);
  if (answer) {
    const [, , text = '', host = '', model = '', playbook = '', time = ''] = answer;
    return { kind: 'answer', text, host, model, playbook, time };
  }
  const verdict = VERDICT.exec(line);
  if (!verdict) return null;
  const [, id = '', text = '', repeated, said = ''] = verdict;
  return { kind: 'verdict', id, text, repeated: repeated === 'true', said };
}
