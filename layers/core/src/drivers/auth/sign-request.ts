import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { ProxywatchError } from '../../domain/errors.ts';

export interface SigV4Options {
  readonly region: string;
  /** Asked at each request. @default those of the environment, where Lambda puts them */
  readonly credentials?: () => AwsCredentials;
}

export interface SignedService {
  readonly service: string;
  readonly name: string;
}

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface OutgoingRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/**
 * The headers of the request with those that prove who sends it (SigV4). Rejects with SERVICE_REFUSED without credentials.
 * @param service what AWS calls it, such as `aps`; `name` is what we do
 */
export async function signedHeaders(
  { method, url, headers, body }: OutgoingRequest,
  { service, name, region, credentials = () => environmentCredentials(name) }: SigV4Options & SignedService,
): Promise<Readonly<Record<string, string>>> {
  const signer = new SignatureV4({ service, region, credentials: credentials(), sha256: Sha256 });
  const signed = await signer.sign({
    method,
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: { ...headers, host: url.host },
    ...(body === undefined ? {} : { body }),
  });
  // The client sets it itself, to the same.
  const { host: _, ...rest } = signed.headers;
  return rest;
}

function environmentCredentials(service: string): AwsCredentials {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) {
    const message = `there are no credentials in the environment to sign requests to ${service} with`;
    throw new ProxywatchError('SERVICE_REFUSED', message, { service });
  }
  return {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    ...(AWS_SESSION_TOKEN ? { sessionToken: AWS_SESSION_TOKEN } : {}),
  };
}
