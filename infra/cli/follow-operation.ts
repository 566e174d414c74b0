import { setTimeout as delay } from 'node:timers/promises';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { Colours } from './render.ts';
import type { CliAnswer, Send } from './send.ts';

const POLL_MS = 500;
/** Longer than the longest pause that a strategy may ask for. */
const MAX_WAIT_MS = 3_600_000;
const GOOD_ENDS = ['succeeded', 'rolled-back'];
const ENDS = [...GOOD_ENDS, 'failed', 'stopped'];

interface OperationEvent {
  readonly id: number;
  readonly at: string;
  readonly group?: string | null;
  readonly severity: string;
  readonly message: string;
}

/** Tells each event of an operation as it comes. Resolves to its last state; whether that is a good end is the caller's business. */
export async function followOperation(
  send: Send,
  location: string,
  { colours, tell }: { readonly colours: Colours; readonly tell: (line: string) => void },
): Promise<{ readonly state: string; readonly isGood: boolean }> {
  let lastId = 0;
  const endMs = Date.now() + MAX_WAIT_MS;
  while (Date.now() < endMs) {
    const answer = await send({ method: 'GET', path: location, headers: {}, body: undefined });
    const { state, events } = operationOf(answer);
    for (const event of events) {
      if (event.id <= lastId) continue;
      lastId = event.id;
      tell(line(event, colours));
    }
    if (ENDS.includes(state)) return { state, isGood: GOOD_ENDS.includes(state) };
    await delay(POLL_MS);
  }
  throw new ProxywatchError(
    'SERVICE_UNREACHABLE',
    `${location} goes on for over ${MAX_WAIT_MS / 60_000} minutes: look again later`,
  );
}

function operationOf({ status, body }: CliAnswer): {
  readonly state: string;
  readonly events: readonly OperationEvent[];
} {
  const operation = body as { readonly state?: string; readonly events?: readonly OperationEvent[] };
  if (status !== 200 || typeof operation?.state !== 'string') {
    throw new ProxywatchError('SERVICE_REFUSED', `the operation cannot be followed: the API answers ${status}`);
  }
  return { state: operation.state, events: operation.events ?? [] };
}

function line({ at, group, severity, message }: OperationEvent, { red, yellow, dim }: Colours): string {
  const time = dim(at.slice(11, 19));
  const text = severity === 'error' ? red(message) : severity === 'warning' ? yellow(message) : message;
  return `${time}  ${(group ?? '').padEnd(12)}  ${text}`;
}
