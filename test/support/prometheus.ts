export interface PrometheusSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** The value as Prometheus prints it: `+Inf` is no number elsewhere. */
  readonly text: string;
}

/** An instant query. */
export async function queryPrometheus(url: string, query: string): Promise<readonly PrometheusSample[]> {
  const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(query)}`);
  if (!response.ok) throw new Error(`Prometheus answered ${response.status} to ${query}`);
  const { data } = (await response.json()) as {
    data: { result: readonly { metric: Record<string, string>; value: readonly [number, string] }[] };
  };
  return data.result.map(({ metric, value: [, text] }) => ({ labels: metric, value: Number(text), text }));
}
