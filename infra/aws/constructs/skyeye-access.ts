import { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { Access, Workspace } from '../stacks/contracts.ts';

/** The one that createAmpRulePublisher writes: rules of the API's callers, apart from those that come with the system. */
const NAMESPACE = 'proxywatch-alerts';

/** `query` asks for metrics and alerts; `rules` publishes alert rules as well. */
export function skyeyeAccess(scope: Construct, { arn, id, url }: Workspace, kind: 'query' | 'rules'): Access {
  return {
    environment: {
      SKYEYE_URL: url,
      SKYEYE_REGION: Stack.of(scope).region,
      ...(kind === 'rules' && { AMP_WORKSPACE_ID: id }),
    },
    grantTo({ grantPrincipal }) {
      // A namespace of rules that is not there yet is made in its workspace: AWS' own example names both.
      const rules = kind === 'rules' ? ['aps:ListAlerts', 'aps:CreateRuleGroupsNamespace'] : [];
      grantPrincipal.addToPrincipalPolicy(
        new PolicyStatement({ actions: ['aps:QueryMetrics', ...rules], resources: [arn] }),
      );
      if (kind === 'query') return;
      grantPrincipal.addToPrincipalPolicy(
        new PolicyStatement({
          actions: ['Create', 'Put', 'Delete'].map((verb) => `aps:${verb}RuleGroupsNamespace`),
          resources: [
            Stack.of(scope).formatArn({
              service: 'aps',
              resource: 'rulegroupsnamespace',
              resourceName: `${id}/${NAMESPACE}`,
            }),
          ],
        }),
      );
    },
  };
}
