import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { SecretSource } from '@proxywatch/core/ports/secret-source';

export interface MemorySecrets extends SecretSource {
  readonly texts: Map<string, string>;
  /** ARNs, in the order in which they were asked for. */
  readonly asked: string[];
  /** Instead of any secret. */
  failure: Error | undefined;
}

/** Secrets by ARN; those that are not there are refused. */
export function memorySecrets(texts: Readonly<Record<string, string>>): MemorySecrets {
  const secrets: MemorySecrets = {
    texts: new Map(Object.entries(texts)),
    asked: [],
    failure: undefined,
    async fetchSecret(arn, signal) {
      signal?.throwIfAborted();
      secrets.asked.push(arn);
      if (secrets.failure !== undefined) throw secrets.failure;
      const text = secrets.texts.get(arn);
      if (text === undefined) throw new ProxywatchError('SERVICE_REFUSED', `secret ${arn}: not found`);
      return text;
    },
  };
  return secrets;
}
