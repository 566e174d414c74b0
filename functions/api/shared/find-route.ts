import type { AnyRoute } from './route.ts';

export type KnownOperation = Pick<AnyRoute, 'method' | 'path'>;

export interface RouteTable {
  /** The route of a resource and method. */
  find(resource: string, method: string): AnyRoute | undefined;
  /** Methods that the path of a request could have been asked with; empty: there is no such path. */
  methodsOf(resource: string, path: string): readonly string[];
}

/** Routes by the template that API Gateway found; `known` are those of the whole API, for what it found none of. */
export function createRouteTable(routes: readonly AnyRoute[], known: readonly KnownOperation[]): RouteTable {
  const byResource = Map.groupBy(routes, ({ path }) => path as string);
  return {
    find: (resource, method) => byResource.get(resource)?.find((route) => route.method === method),
    methodsOf(resource, path) {
      const here = byResource.get(resource) ?? known.filter((route) => matches(route.path, path));
      return [...new Set(here.map(({ method }) => method))].toSorted();
    },
  };
}

function matches(template: string, path: string): boolean {
  const wanted = template.split('/');
  const given = path.split('/');
  return (
    wanted.length === given.length &&
    wanted.every((part, i) => (part.startsWith('{') ? given[i] !== '' : part === given[i]))
  );
}
