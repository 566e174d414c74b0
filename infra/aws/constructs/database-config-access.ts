import type { StageConfig } from '../config.ts';
import type { Access } from '../stacks/contracts.ts';
import { grantReadSecrets } from './secret-access.ts';

/** The database configuration service, if the stage has one: DBCONFIG_URL, and DBCONFIG_TOKEN by reference. */
export function databaseConfigAccess({ api: { dbconfig }, data }: StageConfig): Access {
  const token = dbconfig?.tokenSecretArn;
  return {
    environment: {
      ...(dbconfig !== undefined && { DBCONFIG_URL: dbconfig.url }),
      ...(token !== undefined && { DBCONFIG_TOKEN: `secretsmanager:${token}` }),
    },
    grantTo(grantee) {
      if (token !== undefined) grantReadSecrets(grantee, [{ secretArn: token, keyArns: data.secretKeyArns }]);
    },
  };
}
