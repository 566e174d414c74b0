import { type FieldProblem, ProxywatchError } from '@proxywatch/core/domain/errors';
import type { NamespaceFields } from '@proxywatch/core/drivers/dcdb/namespaces/namespace-writes';

type Related = Pick<NamespaceFields, 'slices' | 'defaultSlice' | 'deniedSql'>;

/** Throws UNPROCESSABLE when fields that are right by themselves do not fit together. */
export function requireSound(fields: Related): void {
  const problems = namespaceProblems(fields);
  if (problems.length === 0) return;
  throw new ProxywatchError('UNPROCESSABLE', 'the namespace would contradict itself', { problems });
}

export function namespaceProblems({ slices, defaultSlice, deniedSql }: Related): readonly FieldProblem[] {
  return [...sliceProblems(slices), ...defaultProblems(slices, defaultSlice), ...deniedProblems(deniedSql)];
}

/** A hostgroup stands for one role of one cluster: the proxy tells writers from readers by it. */
function sliceProblems(slices: Related['slices']): readonly FieldProblem[] {
  const problems: FieldProblem[] = [];
  const places = new Map<number, string>();
  const names = new Set<string>();
  for (const [index, slice] of slices.entries()) {
    const at = `/slices/${index}`;
    if (names.has(slice.name)) problems.push({ pointer: `${at}/name`, message: 'another slice has this name' });
    names.add(slice.name);
    for (const field of ['writerHostgroup', 'readerHostgroup'] as const) {
      const taken = places.get(slice[field]);
      if (taken !== undefined) problems.push({ pointer: `${at}/${field}`, message: `is ${taken} already` });
      else places.set(slice[field], `${at}/${field}`);
    }
  }
  return problems;
}

function defaultProblems(slices: Related['slices'], defaultSlice: string | null): readonly FieldProblem[] {
  if (defaultSlice === null || slices.some(({ name }) => name === defaultSlice)) return [];
  return [{ pointer: '/defaultSlice', message: 'there is no slice of this name' }];
}

/** The same statement cannot be denied and only observed. */
function deniedProblems(denied: Related['deniedSql']): readonly FieldProblem[] {
  const seen = new Set<string>();
  return denied.flatMap(({ digest, pattern }, index) => {
    const what = JSON.stringify([digest?.toUpperCase(), pattern]);
    const isRepeated = seen.has(what);
    seen.add(what);
    return isRepeated ? [{ pointer: `/deniedSql/${index}`, message: 'is listed already' }] : [];
  });
}
