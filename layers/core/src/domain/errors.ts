const BRAND = Symbol.for('proxywatch.error');

/** Every way in which Proxywatch itself fails; each code says whether trying again can help. */
const CODES = {
  CONFIG_INVALID: { retryable: false },
  PROXY_UNREACHABLE: { retryable: true },
  PROXY_ACCESS_DENIED: { retryable: false },
  PROXY_TIMEOUT: { retryable: true },
  PROXY_PROTOCOL: { retryable: true },
  PROXY_STATEMENT: { retryable: false },
  PROXY_UNSUPPORTED: { retryable: false },
  PROXY_BUSY: { retryable: true },
  CANCELLED: { retryable: true },
  CREDENTIAL_MISSING: { retryable: false },
  STORE_UNAVAILABLE: { retryable: true },
  STORE_FENCED: { retryable: false },
  SINK_UNAVAILABLE: { retryable: true },
  SINK_REFUSED: { retryable: false },
  SINK_FULL: { retryable: true },
  INVOKE_THROTTLED: { retryable: true },
  INVOKE_FAILED: { retryable: true },
  MIGRATION_FAILED: { retryable: false },
  REGISTRY_MISSING: { retryable: true },
  REGISTRY_TOO_LARGE: { retryable: false },
  FLEET_TOO_LARGE: { retryable: false },
  RECORD_DAMAGED: { retryable: false },
  SERVICE_START_FAILED: { retryable: false },
  SERVICE_UNREACHABLE: { retryable: true },
  SERVICE_REFUSED: { retryable: false },
  PORT_TAKEN: { retryable: false },
  REQUEST_INVALID: { retryable: false },
  REQUEST_TOO_LARGE: { retryable: false },
  MEDIA_TYPE_UNSUPPORTED: { retryable: false },
  METHOD_NOT_ALLOWED: { retryable: false },
  UNAUTHENTICATED: { retryable: false },
  FORBIDDEN: { retryable: false },
  NOT_FOUND: { retryable: false },
  CONFLICT: { retryable: false },
  STALE: { retryable: false },
  PRECONDITION_MISSING: { retryable: false },
  UNPROCESSABLE: { retryable: false },
  TOO_MANY_REQUESTS: { retryable: true },
  INTERNAL: { retryable: false },
} as const;

export type ErrorCode = keyof typeof CODES;

/** What is wrong with one field of something that was handed in, at its JSON pointer (`/slices/0/cluster`). */
export interface FieldProblem {
  readonly pointer: string;
  readonly message: string;
}

export interface ErrorOptions {
  readonly cause?: unknown;
  /** All that is wrong with an input. */
  readonly problems?: readonly FieldProblem[];
  /** What could not be reached, in a word that may be told to anybody: `dcdb`, `redis`, `skyeye`, `dbconfig`. */
  readonly service?: string;
}

/** The one error base. `message`: lower case, no full stop, with the value that was wrong and never a secret. */
export class ProxywatchError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly problems: readonly FieldProblem[];
  readonly service: string | undefined;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'ProxywatchError';
    this.code = code;
    this.retryable = CODES[code].retryable;
    this.problems = options.problems ?? [];
    this.service = options.service;
    // A brand, not instanceof: bundles and layers may each carry a copy of this class.
    Object.defineProperty(this, BRAND, { value: true });
  }
}

export function isProxywatchError(value: unknown): value is ProxywatchError {
  return typeof value === 'object' && value !== null && BRAND in value;
}

/** The code of any thrown value, for metrics and logs; `undefined` for errors that are not ours. */
export function errorCodeOf(value: unknown): ErrorCode | undefined {
  return isProxywatchError(value) ? value.code : undefined;
}

/** The message of any thrown value, errors of another realm included. */
export function messageOf(value: unknown): string {
  const message = typeof value === 'object' && value !== null && 'message' in value ? value.message : undefined;
  return typeof message === 'string' ? message : String(value);
}
