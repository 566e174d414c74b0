export interface AccountName {
  readonly id: string;
  readonly namespace: string;
  readonly username: string;
}

/** An account's password as far as it can be compared: two that have a mark in common are equal. */
export interface PasswordFacts {
  readonly account: AccountName;
  readonly changedAtMs: number;
  /** Never shown. Empty: nothing can be said of it. */
  readonly marks: readonly string[];
}

export interface PasswordReport {
  /** Names that several namespaces have, each with its accounts. */
  readonly duplicateUsernames: readonly (readonly AccountName[])[];
  /** Accounts with one password. */
  readonly sharedPasswords: readonly (readonly AccountName[])[];
  readonly notComparable: readonly AccountName[];
  /** Oldest first. */
  readonly old: readonly (AccountName & { readonly changedAtMs: number })[];
}

/** What is wrong with the passwords of accounts; those older than `oldAfterMs` count as old. */
export function reportPasswords(facts: readonly PasswordFacts[], nowMs: number, oldAfterMs: number): PasswordReport {
  return {
    duplicateUsernames: several(Map.groupBy(facts, ({ account }) => account.username).values()),
    sharedPasswords: several(sharing(facts)),
    notComparable: facts.filter(({ marks }) => marks.length === 0).map(({ account }) => account),
    old: facts
      .filter(({ changedAtMs }) => nowMs - changedAtMs > oldAfterMs)
      .toSorted((a, b) => a.changedAtMs - b.changedAtMs)
      .map(({ account, changedAtMs }) => ({ ...account, changedAtMs })),
  };
}

/** Accounts that hang together by marks, over others if need be: one may have the fingerprint, another the hash. */
function sharing(facts: readonly PasswordFacts[]): Iterable<readonly PasswordFacts[]> {
  const groups = new Map<string, PasswordFacts[]>();
  for (const fact of facts) {
    const met = new Set(fact.marks.map((mark) => groups.get(mark)).filter((group) => group !== undefined));
    const [first = [], ...others] = [...met].toSorted((a, b) => b.length - a.length);
    first.push(fact, ...others.flat());
    for (const mark of [...fact.marks, ...others.flat().flatMap(({ marks }) => marks)]) groups.set(mark, first);
  }
  return new Set(groups.values());
}

function several(groups: Iterable<readonly PasswordFacts[]>): readonly (readonly AccountName[])[] {
  return [...groups].filter(({ length }) => length > 1).map((group) => group.map(({ account }) => account));
}
