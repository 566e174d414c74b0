import { messageOf, ProxywatchError } from '@proxywatch/core/domain/errors';

/** Statements that are under way may take a while to end. */
const TIMEOUT_MS = 75_000;

/** Asks the traffic generator on loopback; the answer is its status as JSON. Rejects with SERVICE_UNREACHABLE. */
export async function askTraffic(port: number, action: 'pause' | 'resume' | 'status'): Promise<string> {
  const url = `http://127.0.0.1:${port}/${action}`;
  const unreachable = (reason: string) =>
    new ProxywatchError(
      'SERVICE_UNREACHABLE',
      `the traffic does not answer on ${url}: ${reason}; is npm start running?`,
    );
  try {
    const method = action === 'status' ? 'GET' : 'POST';
    const response = await fetch(url, { method, signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) throw unreachable(`HTTP ${response.status}`);
    return (await response.text()).trim();
  } catch (error) {
    if (error instanceof ProxywatchError) throw error;
    throw unreachable(reasonOf(error));
  }
}

/** fetch says "fetch failed" and keeps the reason as the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return messageOf(cause ?? error);
}
