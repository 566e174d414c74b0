import { createHmac, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createKmsSecretBox, type KmsSecretBox } from '@proxywatch/core/drivers/secrets/kms-secret-box';

/** The three calls of KMS' API that are used; it "encrypts" data keys by remembering them. */
interface FakeKms {
  readonly calls: { readonly action: string; readonly text: string }[];
  /** What comes instead of an answer. */
  fault: 'none' | 'refuse' | 'hang';
}

let kms: FakeKms;
let server: Server;
let box: KmsSecretBox;

beforeEach(async () => {
  const { handle, fake } = fakeKms();
  kms = fake;
  server = createServer(async (request, response) => {
    const action = String(request.headers['x-amz-target']).replace('TrentService.', '');
    const { status, body } = handle(action, await text(request));
    if (kms.fault === 'hang') return;
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  box = boxOf(5_000);
});
afterEach(async () => {
  box.close();
  await new Promise<void>((resolve) => void server.close(() => resolve()).closeAllConnections());
});

function boxOf(timeoutMs: number): KmsSecretBox {
  return createKmsSecretBox({
    keyId: 'alias/proxywatch',
    macKeyId: 'alias/proxywatch-mac',
    timeoutMs,
    client: {
      region: 'eu-central-1',
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    },
  });
}

function fakeKms() {
  const fake: FakeKms = { calls: [], fault: 'none' };
  const dataKeys = new Map<string, { plain: string; context: string }>();
  const handle = (action: string, given: string) => {
    fake.calls.push({ action, text: given });
    if (fake.fault === 'refuse') return { status: 400, body: { __type: 'AccessDeniedException', message: 'not you' } };
    const request = JSON.parse(given);
    const context = JSON.stringify(request.EncryptionContext);
    if (action === 'GenerateMac') {
      return {
        status: 200,
        body: { Mac: createHmac('sha256', 'the key').update(request.Message, 'base64').digest('base64') },
      };
    }
    if (action === 'GenerateDataKey') {
      const plain = randomBytes(32).toString('base64');
      const blob = randomBytes(64).toString('base64');
      dataKeys.set(blob, { plain, context });
      return { status: 200, body: { Plaintext: plain, CiphertextBlob: blob } };
    }
    const known = dataKeys.get(request.CiphertextBlob);
    if (known?.context === context) return { status: 200, body: { Plaintext: known.plain } };
    return { status: 400, body: { __type: 'InvalidCiphertextException' } };
  };
  return { handle, fake };
}

describe('a box of KMS', () => {
  test('opens for its context what it sealed, and KMS sees no text', async () => {
    const sealed = await box.seal('the secret', 'pre-image:1');
    expect(await box.open(sealed, 'pre-image:1')).toBe('the secret');
    expect(kms.calls.map(({ action }) => action)).toEqual(['GenerateDataKey', 'Decrypt']);
    expect(JSON.stringify(kms.calls)).not.toContain('the secret');
    expect(sealed).not.toContain(Buffer.from('the secret').toString('base64url'));
  });

  test('does not open for another context or what was changed', async () => {
    const sealed = await box.seal('the secret', 'a');
    await expect(box.open(sealed, 'b')).rejects.toMatchObject({ code: 'RECORD_DAMAGED' });
    const [form, key] = sealed.split('.');
    await expect(box.open(`${form}.${key}.${'A'.repeat(60)}`, 'a')).rejects.toMatchObject({ code: 'RECORD_DAMAGED' });
    await expect(box.open('l1.AAAA', 'a')).rejects.toMatchObject({ code: 'RECORD_DAMAGED' });
  });

  test('gives equal texts equal fingerprints, of texts of any length', async () => {
    const long = 'x'.repeat(10_000);
    expect(await box.fingerprint(long)).toBe(await box.fingerprint(long));
    expect(await box.fingerprint('y')).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.stringify(kms.calls)).not.toContain('xxx');
  });

  test('says that KMS is away when it refuses or does not answer', async () => {
    kms.fault = 'refuse';
    await expect(box.seal('a', 'c')).rejects.toMatchObject({ code: 'SERVICE_UNREACHABLE', service: 'kms' });
    kms.fault = 'hang';
    const hasty = boxOf(50);
    await expect(hasty.seal('a', 'c')).rejects.toMatchObject({ code: 'SERVICE_UNREACHABLE', service: 'kms' });
    hasty.close();
  });

  test('is given up with the request', async () => {
    await expect(box.seal('a', 'c', AbortSignal.abort(new Error('given up')))).rejects.toThrow('given up');
  });
});
