import type { AwsCalls } from './aws-calls.ts';

/** What a role may do, or must not. */
interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource?: string | readonly string[];
}

/** Statements of a role's own policies. */
export async function leaveOf(aws: AwsCalls, roleArn: string): Promise<readonly Statement[]> {
  const RoleName = roleArn.split('/').at(-1);
  const { PolicyNames } = await aws.call<{ PolicyNames: readonly string[] }>('iam', 'list_role_policies', { RoleName });
  const documents = await Promise.all(
    PolicyNames.map((PolicyName) => aws.call('iam', 'get_role_policy', { RoleName, PolicyName })),
  );
  return documents.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
}

/** Whether one of the statements allows it, whatever its conditions. Without a resource, any resource will do. */
export function allows(statements: readonly Statement[], action: string, resource: string | null): boolean {
  return statements.some(
    ({ Effect, Action, Resource = [] }) =>
      Effect === 'Allow' &&
      [Action].flat().includes(action) &&
      (resource === null || [Resource].flat().some((pattern) => matches(pattern, resource))),
  );
}

function matches(pattern: string, text: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(text);
}
