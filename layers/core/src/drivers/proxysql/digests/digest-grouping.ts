export interface GroupingLimits {
  readonly groupingLimit: number;
  readonly groupsGroupingLimit: number;
}

interface Patterns {
  readonly values: RegExp;
  readonly shortValues: string;
  readonly groups: RegExp | undefined;
}

const compiled = new Map<string, Patterns>();

/**
 * Shortens long lists of `?`: more than limit + 1 values become `?,?,?,...`, and more than the groups' limit of such
 * shortened groups end in `,...`. Groups that were short enough to stay whole are never merged, which is why a bulk
 * INSERT of up to four columns has one digest per number of rows.
 */
export function collapseLists(text: string, limits: GroupingLimits): string {
  if (limits.groupingLimit <= 0 || !text.includes('?,?')) return text;
  const { values, shortValues, groups } = patternsFor(limits);
  const shortened = text.replace(values, shortValues);
  if (groups === undefined || shortened === text) return shortened;
  return shortened.replace(groups, '$1,...');
}

function patternsFor({ groupingLimit, groupsGroupingLimit }: GroupingLimits): Patterns {
  const key = JSON.stringify([groupingLimit, groupsGroupingLimit]);
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const shortValues = `${'?,'.repeat(groupingLimit)}...`;
  const group = `\\((?:\\?,){${groupingLimit}}\\.\\.\\.\\)`;
  const patterns: Patterns = {
    // A run starts after a separator and ends before one: in `?,?,?,?,?+?` only the values before `?+?` are a list.
    values: new RegExp(`(?<=[(, ])\\?(?:,\\?){${groupingLimit + 1},}(?=[,)])`, 'g'),
    shortValues,
    groups:
      groupsGroupingLimit > 0
        ? new RegExp(`(${group}(?:,${group}){${groupsGroupingLimit - 1}})(?:,${group})+`, 'g')
        : undefined,
  };
  compiled.set(key, patterns);
  return patterns;
}
