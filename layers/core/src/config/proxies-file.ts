import { z } from 'zod';
import type { RegisteredProxy } from '../domain/proxy.ts';
import { parseJson } from './parse-json.ts';
import { registeredProxy } from './registered-proxy.ts';

/** Form of PROXIES_FILE. People write it, so unknown fields are refused by name: most of them are spelling mistakes. */
export const proxiesFile = z.array(registeredProxy.strict()).superRefine(
  (proxies: readonly unknown[], ctx) => {
    const firstAt = new Map<unknown, number>();
    for (const [i, proxy] of proxies.entries()) {
      const id = idOf(proxy);
      const first = firstAt.get(id);
      if (first === undefined) firstAt.set(id, i);
      else if (id !== undefined)
        ctx.addIssue({ code: 'custom', path: [i, 'id'], message: `"${id}" is taken by /${first}` });
    }
  },
  // Also when entries are wrong in themselves: all problems are told at once.
  { when: ({ value }) => Array.isArray(value) },
);

function idOf(proxy: unknown): string | undefined {
  return typeof proxy === 'object' && proxy !== null && 'id' in proxy && typeof proxy.id === 'string'
    ? proxy.id
    : undefined;
}

/** Parses the text of PROXIES_FILE; throws one CONFIG_INVALID with all problems at their JSON pointers. */
export function parseProxies(text: string, source = 'PROXIES_FILE'): readonly RegisteredProxy[] {
  return parseJson(proxiesFile, text, source);
}
