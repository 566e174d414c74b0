import { createHmac, hkdfSync } from 'node:crypto';
import { open } from 'node:fs/promises';
import { ProxywatchError } from '../../domain/errors.ts';
import type { SecretBox } from '../../ports/secret-box.ts';
import { decryptText, encryptText, sealedParts } from './sealed-text.ts';

export interface LocalSecretBoxOptions {
  /** 32 random bytes in base64, readable by nobody else: `openssl rand -base64 32`. */
  readonly keyFile: string;
}

interface Keys {
  readonly sealing: Buffer;
  readonly fingerprints: Buffer;
}

const FORM = 'l1';
const KEY_BYTES = 32;
const MAX_FILE_BYTES = 1_000;
const READABLE_BY_OTHERS = 0o007;

/**
 * Seals with a key in a file. All of it rejects with CONFIG_INVALID while the file is not there, is no key or may be read by
 * everybody.
 */
export function createLocalSecretBox({ keyFile }: LocalSecretBoxOptions): SecretBox {
  let known: Promise<Keys> | undefined;
  const keys = () => {
    known ??= readKeys(keyFile).catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
  return {
    async seal(text, context, signal) {
      signal?.throwIfAborted();
      const { sealing } = await keys();
      return `${FORM}.${encryptText(sealing, text, context).toString('base64url')}`;
    },
    async open(sealed, context, signal) {
      signal?.throwIfAborted();
      const { sealing } = await keys();
      const [bytes = Buffer.alloc(0)] = sealedParts(sealed, FORM, 1);
      return decryptText(sealing, bytes, context);
    },
    async fingerprint(text, signal) {
      signal?.throwIfAborted();
      const { fingerprints } = await keys();
      return createHmac('sha256', fingerprints).update(text).digest('hex');
    },
  };
}

async function readKeys(path: string): Promise<Keys> {
  const key = Buffer.from(await readKeyFile(path), 'base64');
  if (key.length !== KEY_BYTES) throw invalid(path, `is no key of ${KEY_BYTES} bytes in base64`);
  return { sealing: derived(key, 'proxywatch seal v1'), fingerprints: derived(key, 'proxywatch fingerprint v1') };
}

async function readKeyFile(path: string): Promise<string> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw invalid(path, `cannot be read (${codeOf(error)})`);
  });
  try {
    // Of the file that is open: another one could be put in its place meanwhile.
    const { mode, size } = await file.stat();
    if ((mode & READABLE_BY_OTHERS) !== 0) throw invalid(path, 'may be read or changed by everybody: chmod 600');
    if (size > MAX_FILE_BYTES) throw invalid(path, 'is too large for a key');
    return (await file.readFile('utf8')).trim();
  } finally {
    await file.close();
  }
}

function derived(key: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), purpose, KEY_BYTES));
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'error';
}

function invalid(path: string, problem: string): ProxywatchError {
  return new ProxywatchError('CONFIG_INVALID', `the key file ${path} ${problem}`);
}
