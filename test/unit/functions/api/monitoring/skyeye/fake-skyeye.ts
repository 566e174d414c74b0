import type { Alert, QueryResult, RangeRequest, Skyeye } from '@proxywatch/core/ports/skyeye';

export interface FakeSkyeye extends Skyeye {
  readonly queries: { readonly query: string; readonly atMs: number | undefined }[];
  readonly ranges: RangeRequest[];
  result: QueryResult;
  alerts: readonly Alert[];
  /** Rejects with it, while it is set. */
  failure: Error | undefined;
}

export function fakeSkyeye(): FakeSkyeye {
  const skyeye: FakeSkyeye = {
    queries: [],
    ranges: [],
    result: { kind: 'vector', series: [], warnings: [] },
    alerts: [],
    failure: undefined,
    async query(query, atMs) {
      skyeye.queries.push({ query, atMs });
      return given(skyeye.result);
    },
    async queryRange(request) {
      skyeye.ranges.push(request);
      return given(skyeye.result);
    },
    async fetchAlerts() {
      return given(skyeye.alerts);
    },
  };
  function given<T>(value: T): T {
    if (skyeye.failure) throw skyeye.failure;
    return value;
  }
  return skyeye;
}
