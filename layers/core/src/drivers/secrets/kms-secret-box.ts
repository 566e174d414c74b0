import { createHash } from 'node:crypto';
import {
  DecryptCommand,
  GenerateDataKeyCommand,
  GenerateMacCommand,
  KMSClient,
  type KMSClientConfig,
} from '@aws-sdk/client-kms';
import { messageOf, ProxywatchError } from '../../domain/errors.ts';
import type { SecretBox } from '../../ports/secret-box.ts';
import { withinTime } from '../lambda/within-time.ts';
import { damaged, decryptText, encryptText, sealedParts } from './sealed-text.ts';

export interface KmsSecretBoxOptions {
  /** Symmetric key: id, ARN or alias. */
  readonly keyId: string;
  /** HMAC key (HMAC_256) for fingerprints. */
  readonly macKeyId: string;
  /** Longest that one call may take. @default 3000 */
  readonly timeoutMs?: number;
  /** What differs from the environment: region, endpoint, credentials. */
  readonly client?: Pick<KMSClientConfig, 'region' | 'endpoint' | 'credentials'>;
}

export interface KmsSecretBox extends SecretBox {
  /** Ends the connections. */
  close(): void;
}

const FORM = 'k1';
const ATTEMPTS = 2;

/**
 * Envelopes: each text has a data key of its own, which KMS encrypts. The context is KMS' encryption context too, so that a
 * policy can tell who opens what. Rejects with SERVICE_UNREACHABLE (service `kms`) when KMS cannot be reached or refuses.
 */
export function createKmsSecretBox(options: KmsSecretBoxOptions): KmsSecretBox {
  const { keyId, macKeyId, timeoutMs = 3_000 } = options;
  const client = new KMSClient({
    ...options.client,
    maxAttempts: ATTEMPTS,
    requestHandler: { connectionTimeout: timeoutMs },
  });

  async function ask<T>(call: (abortSignal: AbortSignal) => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    try {
      return await withinTime(call, timeoutMs, signal, () => unreachable(`no answer within ${timeoutMs} ms`));
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof ProxywatchError) throw error;
      // Of another key or context, or not made by KMS at all.
      if (error instanceof Error && /InvalidCiphertext|IncorrectKey/.test(error.name)) throw damaged();
      throw unreachable(`${error instanceof Error ? error.name : 'error'}: ${messageOf(error)}`);
    }
  }

  return {
    async seal(text, context, signal) {
      const command = new GenerateDataKeyCommand({
        KeyId: keyId,
        KeySpec: 'AES_256',
        EncryptionContext: scope(context),
      });
      const { Plaintext, CiphertextBlob } = await ask((abortSignal) => client.send(command, { abortSignal }), signal);
      if (Plaintext === undefined || CiphertextBlob === undefined) throw unreachable('an answer without a key');
      const sealed = encryptText(Buffer.from(Plaintext), text, context);
      return [FORM, Buffer.from(CiphertextBlob).toString('base64url'), sealed.toString('base64url')].join('.');
    },
    async open(sealed, context, signal) {
      const [CiphertextBlob, bytes = Buffer.alloc(0)] = sealedParts(sealed, FORM, 2);
      const command = new DecryptCommand({ KeyId: keyId, CiphertextBlob, EncryptionContext: scope(context) });
      const { Plaintext } = await ask((abortSignal) => client.send(command, { abortSignal }), signal);
      if (Plaintext === undefined) throw unreachable('an answer without a key');
      return decryptText(Buffer.from(Plaintext), bytes, context);
    },
    async fingerprint(text, signal) {
      // KMS takes 4 KB, and needs to know nothing of what it signs.
      const Message = createHash('sha256').update(text).digest();
      const command = new GenerateMacCommand({ KeyId: macKeyId, MacAlgorithm: 'HMAC_SHA_256', Message });
      const { Mac } = await ask((abortSignal) => client.send(command, { abortSignal }), signal);
      if (Mac === undefined) throw unreachable('an answer without a code');
      return Buffer.from(Mac).toString('hex');
    },
    close: () => client.destroy(),
  };
}

function scope(context: string): Record<string, string> {
  return { application: 'proxywatch', context };
}

function unreachable(reason: string): ProxywatchError {
  return new ProxywatchError('SERVICE_UNREACHABLE', `kms: ${reason}`, { service: 'kms' });
}
