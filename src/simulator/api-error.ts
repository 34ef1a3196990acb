/** What the API refuses, thrown wherever it is found out and sent by the server as a response. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly status: number;
  readonly type: string;
  /** `error.details.error_code`. */
  readonly code: string | undefined;
  /** Seconds. */
  readonly retryAfter: number | undefined;

  constructor(
    status: number,
    type: string,
    message: string,
    more: { code?: string; retryAfter?: number } = {},
  ) {
    super(message);
    this.status = status;
    this.type = type;
    this.code = more.code;
    this.retryAfter = more.retryAfter;
  }
}

/** The 400 that nearly every mistake in a request comes to. */
export function invalid(message: string): ApiError {
  return new ApiError(400, 'invalid_request_error', message);
}

/** The body of an error response; `requestId` is null inside a batch. */
export function errorBody(error: ApiError, requestId: string | null): string {
  const details = error.code === undefined ? {} : { details: { error_code: error.code } };
  return JSON.stringify({
    type: 'error',
    error: { type: error.type, message: error.message, ...details },
    request_id: requestId,
  });
}
