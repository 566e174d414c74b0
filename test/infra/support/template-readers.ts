import type { Template } from 'aws-cdk-lib/assertions';

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

/** What the role of a function may do, as `action resource`, sorted; a resource is told by its last name or logical id. */
export function permissionsOf(template: Template, role: RegExp): readonly string[] {
  return Object.values(template.findResources('AWS::IAM::Policy'))
    .filter(({ Properties }) => role.test(JSON.stringify(Properties.Roles)))
    .flatMap(({ Properties }): readonly Statement[] => Properties.PolicyDocument.Statement)
    .flatMap(({ Action, Resource }) =>
      [Action].flat().flatMap((action) => [Resource].flat().map((one) => `${action} ${nameOf(one)}`)),
    )
    .toSorted();
}

/** Variables of a function; what is known at deployment only is its JSON. */
export function variablesOf(template: Template, functionName: string): Readonly<Record<string, string>> {
  const [found] = Object.values(
    template.findResources('AWS::Lambda::Function', { Properties: { FunctionName: functionName } }),
  );
  const variables: Record<string, unknown> = found?.Properties.Environment.Variables ?? {};
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
}

/** `{"Fn::GetAtt":["FunctionsX","Arn"]}` is `FunctionsX`; what is joined is put together, with `<Ref>` for what is not known. */
export function nameOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const {
    'Fn::GetAtt': attribute,
    'Fn::Join': join,
    Ref,
  } = value as {
    readonly 'Fn::GetAtt'?: readonly [string, string];
    readonly 'Fn::Join'?: readonly [string, readonly unknown[]];
    readonly Ref?: string;
  };
  if (join !== undefined) return join[1].map(nameOf).join(join[0]);
  if (attribute !== undefined) return attribute[0];
  return Ref === undefined ? JSON.stringify(value) : `<${Ref}>`;
}
