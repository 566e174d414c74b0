import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** The one call of Secrets Manager's API that is used, as its JSON protocol has it. */
export interface FakeSecretsManager {
  readonly url: string;
  /** What differs from the environment, for a client. */
  readonly client: {
    readonly region: string;
    readonly endpoint: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  /** By ARN; `undefined`: one of bytes, without text. Others are not found. */
  readonly secrets: Map<string, string | undefined>;
  /** ARNs that were asked for, in their order. */
  readonly asked: string[];
  /** What comes instead of an answer: an error with this status, nothing, or no JSON at all. */
  fault: { readonly status: number; readonly type: string } | 'hang' | 'garbage' | undefined;
  close(): Promise<void>;
}

export function arnOf(name: string): string {
  return `arn:aws:secretsmanager:eu-central-1:123456789012:secret:${name}-AbCdEf`;
}

export async function startFakeSecretsManager(): Promise<FakeSecretsManager> {
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const target = request.headers['x-amz-target'];
    const send = (status: number, answer: string) =>
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(answer);
    const fail = (status: number, type: string) => send(status, JSON.stringify({ __type: type, message: 'no' }));
    if (target !== 'secretsmanager.GetSecretValue') return fail(400, 'UnknownOperationException');
    const { SecretId: arn } = JSON.parse(body);
    fake.asked.push(arn);
    if (fake.fault === 'hang') return;
    if (fake.fault === 'garbage') return send(200, fake.secrets.get(arn) ?? '');
    if (fake.fault !== undefined) return fail(fake.fault.status, fake.fault.type);
    if (!fake.secrets.has(arn)) return fail(400, 'ResourceNotFoundException');
    return send(200, JSON.stringify({ ARN: arn, VersionStages: ['AWSCURRENT'], SecretString: fake.secrets.get(arn) }));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const fake: FakeSecretsManager = {
    url,
    client: { region: 'eu-central-1', endpoint: url, credentials },
    secrets: new Map(),
    asked: [],
    fault: undefined,
    close: () => new Promise((resolve) => void server.close(() => resolve()).closeAllConnections()),
  };
  return fake;
}
