import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { Alert, QueryResult, RangeRequest, Skyeye } from '@proxywatch/core/ports/skyeye';

export interface FakeSkyeye extends Skyeye {
  readonly queries: { readonly query: string; readonly atMs: number | undefined }[];
  readonly ranges: RangeRequest[];
  result: QueryResult;
  alerts: readonly Alert[];
  /** Queries that are no PromQL to it. */
  refuses: (query: string) => boolean;
  /** Rejects with it, while it is set. */
  failure: Error | undefined;
}

export function fakeSkyeye(): FakeSkyeye {
  const skyeye: FakeSkyeye = {
    queries: [],
    ranges: [],
    result: { kind: 'vector', series: [], warnings: [] },
    alerts: [],
    refuses: () => false,
    failure: undefined,
    async query(query, atMs) {
      skyeye.queries.push({ query, atMs });
      if (skyeye.refuses(query)) throw new ProxywatchError('UNPROCESSABLE', 'skyeye does not take the query');
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
