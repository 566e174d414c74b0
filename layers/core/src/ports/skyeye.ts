/**
 * The monitoring platform: anything with the Prometheus HTTP API. `query` must have the caller's namespaces enforced already.
 * Rejects with SERVICE_UNREACHABLE (service `skyeye`), with UNPROCESSABLE when it refuses a query, with SERVICE_REFUSED when
 * it answers what it must not.
 */
export interface Skyeye {
  query(query: string, atMs: number | undefined, signal?: AbortSignal): Promise<QueryResult>;
  queryRange(request: RangeRequest, signal?: AbortSignal): Promise<QueryResult>;
  /** Alerts that are pending or firing now. */
  fetchAlerts(signal?: AbortSignal): Promise<readonly Alert[]>;
}

export interface RangeRequest {
  readonly query: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
}

export interface QueryResult {
  readonly kind: 'vector' | 'matrix' | 'scalar' | 'string';
  readonly series: readonly Series[];
  readonly warnings: readonly string[];
}

export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  /** Epoch milliseconds, and the value as Prometheus prints it (`NaN`, `+Inf` and all digits). */
  readonly samples: readonly (readonly [atMs: number, value: string])[];
}

export interface Alert {
  readonly name: string;
  readonly state: 'pending' | 'firing';
  readonly activeAtMs: number;
  readonly value: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Takes over the rules that the API keeps. */
export interface AlertRulePublisher {
  /** Makes Proxywatch's own rules there exactly these. Rejects as Skyeye does. */
  publish(rules: readonly AlertRule[], signal?: AbortSignal): Promise<void>;
}

export interface AlertRule {
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  /** With the namespace enforced. */
  readonly query: string;
  readonly forS: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}
