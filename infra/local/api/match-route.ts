/** What of a route the matching goes by. */
export interface Matchable {
  readonly method: string;
  /** `/v1/accounts/{id}` */
  readonly path: string;
}

export interface Match<R extends Matchable> {
  readonly route: R;
  /** Still percent-encoded, as they stand in the path. */
  readonly parameters: Readonly<Record<string, string>>;
}

type Node<R> = {
  readonly children: Map<string, Node<R>>;
  parameter?: { readonly name: string; readonly node: Node<R> };
  readonly routes: Map<string, R>;
};

/**
 * Finds routes as API Gateway does: segment by segment, a literal segment before a parameter, an empty segment matches no
 * parameter. Throws when two parameters of different names stand in one place, which API Gateway refuses too.
 */
export function createRouteMatcher<R extends Matchable>(
  routes: readonly R[],
): (method: string, path: string) => Match<R> | undefined {
  const root = newNode<R>();
  for (const route of routes) {
    let node = root;
    for (const segment of segmentsOf(route.path)) node = childOf(node, segment, route.path);
    if (node.routes.has(route.method)) throw new Error(`${route.method} ${route.path} stands twice in the table`);
    node.routes.set(route.method, route);
  }
  return (method, path) => find(root, segmentsOf(path), method, {});
}

function childOf<R>(node: Node<R>, segment: string, path: string): Node<R> {
  const name = /^\{(\w+)\}$/.exec(segment)?.[1];
  if (name === undefined) {
    const child = node.children.get(segment) ?? newNode<R>();
    node.children.set(segment, child);
    return child;
  }
  node.parameter ??= { name, node: newNode() };
  if (node.parameter.name !== name) throw new Error(`${path}: {${name}} is {${node.parameter.name}} in another path`);
  return node.parameter.node;
}

function find<R extends Matchable>(
  node: Node<R>,
  segments: readonly string[],
  method: string,
  parameters: Readonly<Record<string, string>>,
): Match<R> | undefined {
  const [segment, ...rest] = segments;
  if (segment === undefined) {
    const route = node.routes.get(method);
    return route === undefined ? undefined : { route, parameters };
  }
  const literal = node.children.get(segment);
  const found = literal && find(literal, rest, method, parameters);
  if (found !== undefined || node.parameter === undefined || segment === '') return found;
  return find(node.parameter.node, rest, method, { ...parameters, [node.parameter.name]: segment });
}

function segmentsOf(path: string): readonly string[] {
  return path.split('/').slice(1);
}

function newNode<R>(): Node<R> {
  return { children: new Map(), routes: new Map() };
}
