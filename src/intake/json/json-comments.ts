// A list of comments → the text of the first one that the customer may see.

/** Plain text before text that may hold HTML. */
const TEXTS = [
  'plainbody',
  'bodytext',
  'body',
  'text',
  'content',
  'message',
  'htmlbody',
  'bodyhtml',
];

/** What help desks write on an internal note, by the plain name of the key. */
const INTERNAL: Record<string, readonly unknown[]> = {
  public: [false],
  ispublic: [false],
  jsdpublic: [false],
  private: [true],
  isprivate: [true],
  internal: [true],
  isinternal: [true],
  isnote: [true],
  internalnote: [true],
  visibility: ['internal', 'private'],
  type: ['note', 'internal', 'internal_note'],
  parttype: ['note', 'note_and_reopen', 'internal'],
};

/** Empty if none is public; null if this is no list of comments. */
export function firstComment(list: readonly unknown[]): string | null {
  if (!isComments(list)) return list.length > 0 ? null : '';
  for (const comment of list) {
    const fields = fieldsOf(comment);
    if (isInternal(fields)) continue;
    const text = textsOf(fields).find((candidate) => candidate.trim() !== '');
    if (text !== undefined) return text;
  }
  return '';
}

export function isComments(list: readonly unknown[]): boolean {
  return list.some((comment) => textsOf(fieldsOf(comment)).length > 0);
}

function fieldsOf(comment: unknown): Map<string, unknown> {
  if (typeof comment !== 'object' || comment === null || Array.isArray(comment)) return new Map();
  return new Map(Object.entries(comment).map(([key, value]) => [plain(key), value]));
}

function textsOf(fields: ReadonlyMap<string, unknown>): string[] {
  return TEXTS.map((name) => fields.get(name)).filter((text) => typeof text === 'string');
}

function isInternal(fields: ReadonlyMap<string, unknown>): boolean {
  return Object.entries(INTERNAL).some(([key, marks]) => marks.includes(fields.get(key)));
}

function plain(key: string): string {
  return key.toLowerCase().replace(/[^a-z]/g, '');
}
