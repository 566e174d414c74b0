import { Duration } from 'aws-cdk-lib';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { ApiModule } from '../../../functions/api/shared/route.ts';
import type { StageConfig } from '../config.ts';
import type { Network, Stores } from '../stacks/contracts.ts';
import { databaseConfigAccess } from './database-config-access.ts';
import { skyeyeAccess } from './skyeye-access.ts';
import type { SystemFunctions } from './system-functions.ts';

export interface ApiFunctionsProps {
  readonly config: StageConfig;
  readonly network: Network;
  readonly stores: Stores;
  /** Changes proxies. */
  readonly operate: LambdaFunction;
  /** `user:<ARN or sub>` or `group:<name>`. */
  readonly bootstrapAdmin: string;
}

interface Module {
  readonly description: string;
  /** Of proxies, that it logs in with. */
  readonly credentials: readonly ('stats' | 'admin')[];
  readonly asksDatabaseConfig?: boolean;
  readonly skyeye?: 'query' | 'rules';
  /** Starts operations. */
  readonly operates?: boolean;
  /** Keeps secret values of variables, or makes plans with them. */
  readonly seals?: boolean;
}

/** What each module works with, beside the DCDB, Redis and keys: parts of `ApiDeps` that nobody asks for are not made. */
const MODULES: Readonly<Record<ApiModule, Module>> = {
  accounts: { description: 'accounts of proxies', credentials: ['admin'], asksDatabaseConfig: true },
  databases: { description: 'databases behind proxies', credentials: ['stats'], asksDatabaseConfig: true },
  proxies: { description: 'proxies', credentials: ['stats', 'admin'], skyeye: 'query' },
  namespaces: {
    description: 'namespaces, plans and operations',
    credentials: ['admin'],
    asksDatabaseConfig: true,
    operates: true,
    seals: true,
  },
  monitoring: { description: 'monitoring', credentials: ['stats'], skyeye: 'rules' },
  variables: { description: 'variables of proxies', credentials: ['admin'], seals: true },
  system: {
    description: 'roles, audit, health, documents',
    credentials: [],
    asksDatabaseConfig: true,
    skyeye: 'query',
  },
};

/** As long as API Gateway waits; the function answers within 25 s by itself. */
const TIMEOUT = Duration.seconds(29);

/** A function for each module, with leave for what that module does. */
export function addApiFunctions(
  functions: SystemFunctions,
  props: ApiFunctionsProps,
): Record<ApiModule, LambdaFunction> {
  const entries = Object.entries(MODULES) as [ApiModule, Module][];
  return Object.fromEntries(
    entries.map(([name, module]) => [name, addModule(functions, name, module, props)]),
  ) as Record<ApiModule, LambdaFunction>;
}

function addModule(
  functions: SystemFunctions,
  name: ApiModule,
  module: Module,
  { config, network, stores, operate, bootstrapAdmin }: ApiFunctionsProps,
): LambdaFunction {
  const made = functions.add({
    name: `api-${name}`,
    description: `API: ${module.description}`,
    securityGroup: network.securityGroups.api,
    timeout: TIMEOUT,
    // The third of a processor that 512 MiB bring makes a cold start of half a second; people wait for this one.
    memoryMiB: 1_024,
    access: [
      stores.dcdb,
      stores.redis,
      // Keys of cursors and of repeated requests are fingerprints, which all modules have.
      module.seals === true ? stores.secretKeys : stores.fingerprints,
      ...(module.credentials.length > 0 ? [stores.proxyCredentials(...module.credentials)] : []),
      ...(module.asksDatabaseConfig === true ? [databaseConfigAccess(config)] : []),
      ...(module.skyeye === undefined ? [] : [skyeyeAccess(functions, stores.workspace, module.skyeye)]),
    ],
    environment: {
      ...authOf(config),
      BOOTSTRAP_ADMIN: bootstrapAdmin,
      OPERATE_FUNCTION: operate.functionName,
      // It has to be told of secrets that it may not read: nobody asks it for a credential.
      ...(module.credentials.length === 0 && stores.proxyCredentials('stats').environment),
    },
  });
  if (module.operates === true) operate.grantInvokeLatestVersion(made);
  return made;
}

function authOf({ api: { auth } }: StageConfig): Readonly<Record<string, string>> {
  if (auth.kind === 'iam') return { API_AUTH: 'iam' };
  return {
    API_AUTH: 'jwt',
    JWT_ISSUER: auth.issuer,
    JWT_AUDIENCE: auth.audience,
    JWT_JWKS_URL: auth.jwksUrl,
    JWT_GROUPS_CLAIM: auth.groupsClaim,
  };
}
