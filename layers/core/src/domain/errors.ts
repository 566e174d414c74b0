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
  PORT_TAKEN: { retryable: false },
  INTERNAL: { retryable: false },
} as const;

export type ErrorCode = keyof typeof CODES;

/** The one error base. `message`: lower case, no full stop, with the value that was wrong and never a secret. */
export class ProxywatchError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.name = 'ProxywatchError';
    this.code = code;
    this.retryable = CODES[code].retryable;
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
