/** What is not the same in two revisions of one thing. */
export interface FieldDifference {
  readonly field: string;
  readonly from: unknown;
  readonly to: unknown;
  /** Of lists: items that only the one or the other has. */
  readonly added?: readonly unknown[];
  readonly removed?: readonly unknown[];
}

type Document = Readonly<Record<string, unknown>>;

/** Field by field, in the order of the documents. */
export function diffDocuments(from: Document, to: Document): readonly FieldDifference[] {
  return [...new Set([...Object.keys(from), ...Object.keys(to)])].flatMap((field) => {
    const [before, after] = [from[field] ?? null, to[field] ?? null];
    if (isSame(before, after)) return [];
    const difference = { field, from: before, to: after };
    if (!Array.isArray(before) || !Array.isArray(after)) return [difference];
    return [{ ...difference, added: missingIn(before, after), removed: missingIn(after, before) }];
  });
}

function missingIn(list: readonly unknown[], other: readonly unknown[]): readonly unknown[] {
  return other.filter((item) => !list.some((known) => isSame(known, item)));
}

/** Documents come with their fields in one order. */
function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
