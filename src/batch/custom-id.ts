// What a request of a batch is called: by it the answer finds its text, and a run its batch.

/**
 * 45 characters of `[0-9a-f_]`, whatever the ticket's id looks like.
 * @param batch our name for the batch, 12 hex digits
 * @param text the text's hash, 32 hex digits
 */
export function customIdOf(batch: string, text: string): string {
  return `${batch}_${text}`;
}

/** Of any request: what it is not ours to know is no text of ours. */
export function textOf(customId: string): string {
  return customId.slice(customId.indexOf('_') + 1);
}

export function isOfBatch(customId: string, batch: string): boolean {
  return customId.startsWith(`${batch}_`);
}
