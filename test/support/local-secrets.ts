import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLocalSecretBox } from '@proxywatch/core/drivers/secrets/local-secret-box';
import type { SecretBox } from '@proxywatch/core/ports/secret-box';
import { temporaryFolder } from './temporary-folder.ts';

/** A secret box with a key of its own, which goes away after the file's tests. */
export function localSecrets(): SecretBox {
  const keyFile = join(temporaryFolder('file'), 'secret.key');
  writeFileSync(keyFile, randomBytes(32).toString('base64'), { mode: 0o600 });
  return createLocalSecretBox({ keyFile });
}
