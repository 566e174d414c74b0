import { madeOnce } from '@proxywatch/core/config/made-once';

/** An object whose members are made when they are first asked for; one that cannot be made is tried again. */
export function lazily<T extends object>(makers: { readonly [K in keyof T]: () => T[K] }): T {
  const made = {} as T;
  for (const name of Object.keys(makers) as (keyof T)[]) {
    Object.defineProperty(made, name, {
      configurable: true,
      enumerable: true,
      get() {
        const value = makers[name]();
        Object.defineProperty(made, name, { value, enumerable: true });
        return value;
      },
    });
  }
  return made;
}

/**
 * An object of asynchronous methods that is loaded with the first call: what few requests need does not make every cold
 * start longer.
 */
export function loadedLater<T extends object>(load: () => Promise<T>): T {
  const loaded = madeOnce(load);
  return new Proxy({} as T, {
    get(_, name) {
      // Whoever awaits it must not take it for a promise.
      if (name === 'then') return undefined;
      return async (...args: unknown[]) => {
        const target = await loaded();
        const method = Reflect.get(target, name) as (...given: unknown[]) => unknown;
        return method.apply(target, args);
      };
    },
  });
}
