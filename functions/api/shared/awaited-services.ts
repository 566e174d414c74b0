import { AsyncLocalStorage } from 'node:async_hooks';

/** Services that a request is waiting for, in the order in which it began to. */
export type Awaited = Set<{ readonly service: string }>;

const current = new AsyncLocalStorage<Awaited>();

/** Runs with a note of its own of what is waited for. */
export function notingServices<T>(awaited: Awaited, run: () => Promise<T>): Promise<T> {
  return current.run(awaited, run);
}

/** The one that was waited for longest; so that who gave up can say for what. */
export function longestAwaited(awaited: Awaited): string | undefined {
  return awaited.values().next().value?.service;
}

/** The same object, whose calls are noted as waits for this service while they last. */
export function awaiting<T extends object>(service: string, target: T): T {
  return new Proxy(target, {
    get(object, name) {
      const member: unknown = Reflect.get(object, name);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => noted(service, member.apply(object, args));
    },
  });
}

function noted(service: string, result: unknown): unknown {
  const awaited = current.getStore();
  if (awaited === undefined || !(result instanceof Promise)) return result;
  const wait = { service };
  awaited.add(wait);
  return result.finally(() => awaited.delete(wait));
}
