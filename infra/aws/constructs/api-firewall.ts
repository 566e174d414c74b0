import { ArnFormat, Stack } from 'aws-cdk-lib';
import { CfnLoggingConfiguration, CfnWebACL, CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import type { StageConfig } from '../config.ts';
import { StageLogGroup } from './stage-log-group.ts';

export interface ApiFirewallProps {
  readonly config: StageConfig;
  /** ARN of the stage of the API. */
  readonly stageArn: string;
}

interface RuleSet {
  readonly name: string;
  /** Rules of it that only count: they look for what requests of ours are made of. */
  readonly counted: readonly string[];
}

/**
 * Statements, patterns of statements and PromQL are what this API is for, so whatever looks for them in bodies and queries
 * counts, and paths, headers and cookies are left to be blocked by. Bodies have up to 1 MiB, of which the firewall reads the
 * first 16 KiB; functions refuse more, and know no statement but with bound values.
 */
const RULE_SETS: readonly RuleSet[] = [
  {
    name: 'AWSManagedRulesCommonRuleSet',
    counted: [
      'SizeRestrictions_BODY',
      'SizeRestrictions_QUERYSTRING',
      'GenericLFI_BODY',
      'GenericLFI_QUERYARGUMENTS',
      'GenericRFI_BODY',
      'GenericRFI_QUERYARGUMENTS',
      'CrossSiteScripting_BODY',
      'CrossSiteScripting_QUERYARGUMENTS',
      'RestrictedExtensions_QUERYARGUMENTS',
      // Programs need not say which they are.
      'NoUserAgent_HEADER',
    ],
  },
  { name: 'AWSManagedRulesKnownBadInputsRuleSet', counted: [] },
  {
    name: 'AWSManagedRulesSQLiRuleSet',
    counted: ['SQLi_BODY', 'SQLi_QUERYARGUMENTS', 'SQLiExtendedPatterns_BODY', 'SQLiExtendedPatterns_QUERYARGUMENTS'],
  },
];
/** What tells who is who; and queries, since filters may hold names of accounts. */
const REDACTED = [
  ...['authorization', 'x-amz-security-token', 'cookie'].map((Name) => ({ singleHeader: { Name } })),
  { queryString: {} },
];

/** Refuses floods and known attacks before they cost an invocation, and logs what it refused or counted. */
export class ApiFirewall extends Construct {
  constructor(scope: Construct, id: string, { config, stageArn }: ApiFirewallProps) {
    super(scope, id);
    const name = `proxywatch-${config.stage}-api`;
    const acl = new CfnWebACL(this, 'Acl', {
      name,
      description: 'Before the API of Proxywatch',
      scope: 'REGIONAL',
      defaultAction: { allow: {} },
      visibilityConfig: visible(name),
      rules: [flood(config.api.wafRequestsPer5Minutes), ...RULE_SETS.map((set, i) => managed(set, i + 1))],
    });
    new CfnWebACLAssociation(this, 'Association', { resourceArn: stageArn, webAclArn: acl.attrArn });
    // WAF takes log groups of this prefix only.
    const logGroupName = `aws-waf-logs-${name}`;
    const logs = new StageLogGroup(this, 'Logs', { config, logGroupName });
    const logging = new CfnLoggingConfiguration(this, 'Logging', {
      resourceArn: acl.attrArn,
      // The ARN that a log group tells of itself is one of its streams, which WAF refuses.
      logDestinationConfigs: [
        Stack.of(this).formatArn({
          service: 'logs',
          resource: 'log-group',
          resourceName: logGroupName,
          arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        }),
      ],
      redactedFields: REDACTED,
      loggingFilter: {
        DefaultBehavior: 'DROP',
        Filters: [
          {
            Behavior: 'KEEP',
            Requirement: 'MEETS_ANY',
            Conditions: ['BLOCK', 'COUNT', 'EXCLUDED_AS_COUNT'].map((Action) => ({ ActionCondition: { Action } })),
          },
        ],
      },
    });
    logging.node.addDependency(logs);
  }
}

function flood(limit: number): CfnWebACL.RuleProperty {
  return {
    name: 'flood',
    priority: 0,
    statement: { rateBasedStatement: { aggregateKeyType: 'IP', limit, evaluationWindowSec: 300 } },
    action: {
      block: { customResponse: { responseCode: 429, responseHeaders: [{ name: 'retry-after', value: '60' }] } },
    },
    visibilityConfig: visible('flood'),
  };
}

function managed({ name, counted }: RuleSet, priority: number): CfnWebACL.RuleProperty {
  return {
    name,
    priority,
    statement: {
      managedRuleGroupStatement: {
        vendorName: 'AWS',
        name,
        ruleActionOverrides: counted.map((rule) => ({ name: rule, actionToUse: { count: {} } })),
      },
    },
    overrideAction: { none: {} },
    visibilityConfig: visible(name),
  };
}

/** Samples of requests show their bodies to whoever may look at the console. */
function visible(metricName: string): CfnWebACL.VisibilityConfigProperty {
  return { cloudWatchMetricsEnabled: true, metricName, sampledRequestsEnabled: false };
}
