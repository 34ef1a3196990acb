import type { JsonObject } from './shape.ts';

/** A request as a route sees it. */
export interface Call {
  /** Empty for a route that takes none. */
  body: JsonObject;
  /** The one in the path; empty if it has none. */
  id: string;
  query: URLSearchParams;
  /** Makes the ids in the answer. */
  serial: string;
}
