import { ProxywatchError } from '../domain/errors.ts';

/**
 * All problems of one source of configuration as one CONFIG_INVALID. Each problem reads
 * `where: what is wrong, expected …` and never carries a secret.
 */
export function configError(source: string, problems: readonly string[]): ProxywatchError {
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return new ProxywatchError('CONFIG_INVALID', `${count} in ${source}\n${problems.map((p) => `  ${p}`).join('\n')}`);
}
