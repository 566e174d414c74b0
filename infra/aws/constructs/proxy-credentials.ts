import { SecretValue } from 'aws-cdk-lib';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { StageConfig } from '../config.ts';
import type { Access } from '../stacks/contracts.ts';
import { acknowledge } from './acknowledgements.ts';
import { removalOf } from './removal.ts';
import { grantReadSecrets, type ReadableSecret } from './secret-access.ts';
import { StageKey } from './stage-key.ts';

type Kind = 'stats' | 'admin';

/**
 * Where operators put user names and passwords of proxies: those that may read statistics and those that may change something
 * apart, so that who only reads proxies cannot change them.
 */
export class ProxyCredentials extends Construct {
  readonly secrets: Readonly<Record<Kind, ReadableSecret>>;

  constructor(scope: Construct, id: string, { config }: { readonly config: StageConfig }) {
    super(scope, id);
    const { proxyCredentials: existing, secretKeyArns: keyArns } = config.data;
    this.secrets =
      existing === undefined
        ? this.#make(config)
        : {
            stats: { secretArn: existing.statsSecretArn, keyArns },
            admin: { secretArn: existing.adminSecretArn, keyArns },
          };
  }

  /** To read the secrets of these kinds, in this order. */
  access(kinds: readonly Kind[]): Access {
    const secrets = kinds.map((kind) => this.secrets[kind]);
    return {
      environment: { PROXY_CREDENTIALS_SECRETS: secrets.map(({ secretArn }) => secretArn).join(',') },
      grantTo: (grantee: IGrantable) => grantReadSecrets(grantee, secrets),
    };
  }

  #make(config: StageConfig): Readonly<Record<Kind, ReadableSecret>> {
    const description = 'user names and passwords of proxies';
    const key = new StageKey(this, 'Key', { config, name: 'proxy-credentials', description });
    return { stats: this.#secret('stats', config, key), admin: this.#secret('admin', config, key) };
  }

  #secret(kind: Kind, config: StageConfig, encryptionKey: StageKey): ReadableSecret {
    const secret = new Secret(this, kind, {
      secretName: `proxywatch/${config.stage}/proxies/${kind}`,
      description: `Proxywatch ${config.stage}: {"<reference>":{"user":"...","password":"..."}} for ${kind} users of proxies`,
      encryptionKey,
      // No secret is in it. CloudFormation writes it once: it changes a value when the template does, and this one stays.
      secretStringValue: SecretValue.unsafePlainText('{}'),
      removalPolicy: removalOf(config),
    });
    acknowledge(secret, {
      SMG4: 'these users are made and changed on the proxies by who runs them; a new value is in use within a minute',
    });
    return { secretArn: secret.secretArn, keyArns: [encryptionKey.keyArn] };
  }
}
