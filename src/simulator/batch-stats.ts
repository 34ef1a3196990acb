/** What became of batches and of their requests, as far as they have been worked off. */
export interface BatchStats {
  /** Oldest first, also those of which the client never learned. */
  created: CreatedBatch[];
  /** Ids, in the order in which they were canceled; deleted likewise. */
  canceled: string[];
  deleted: string[];
  /** Requests by how they ended; `processed` are those that succeeded or errored. */
  requests: Record<'processed' | Ending, number>;
}

export interface CreatedBatch {
  id: string;
  /** How many. */
  requests: number;
  /** With `record`, the requests in the order sent. */
  asked: AskedInBatch[];
}

export interface AskedInBatch {
  customId: string;
  /** The last message's text, as sent; empty if there is none to be found. */
  ticket: string;
}

export type Ending = 'succeeded' | 'errored' | 'expired' | 'canceled';

export function newBatchStats(): BatchStats {
  return {
    created: [],
    canceled: [],
    deleted: [],
    requests: { processed: 0, succeeded: 0, errored: 0, expired: 0, canceled: 0 },
  };
}
