import { isProxywatchError, ProxywatchError } from '@proxywatch/core/domain/errors';
import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';

type CredentialField = 'statsCredentialRef' | 'adminCredentialRef';

/** Runs a trial; what goes wrong with it becomes UNPROCESSABLE with the field that is to blame. */
export async function whoIsToBlame<T>(
  proxy: RegisteredProxy,
  credentialField: CredentialField,
  signal: AbortSignal,
  trial: () => Promise<T>,
): Promise<T> {
  try {
    return await trial();
  } catch (error) {
    signal.throwIfAborted();
    const blame = isProxywatchError(error) ? blameOf(error, proxy, credentialField) : undefined;
    if (blame === undefined) throw error;
    throw unprocessable(blame[0], blame[1], error);
  }
}

export function unknownKind(): ProxywatchError {
  return unprocessable('/kind', 'there is no driver for proxies of this kind');
}

export function noAdminInterface(kind: string): ProxywatchError {
  return unprocessable('/adminPort', `what answers there is no admin interface of ${kind}`);
}

function blameOf(
  error: ProxywatchError,
  { kind, adminTls }: RegisteredProxy,
  credentialField: CredentialField,
): readonly [pointer: string, message: string] | undefined {
  switch (error.code) {
    case 'CREDENTIAL_MISSING':
      return [`/${credentialField}`, 'there is no credential of this name'];
    case 'PROXY_ACCESS_DENIED':
      return [`/${credentialField}`, 'the proxy refuses this credential'];
    case 'PROXY_STATEMENT':
      return [`/${credentialField}`, 'the proxy does not let this credential see what is needed'];
    case 'PROXY_UNSUPPORTED':
      return adminTls
        ? ['/adminTls', 'the proxy offers no TLS']
        : ['/kind', 'the proxy is of a version that is not known'];
    case 'PROXY_TIMEOUT':
      return ['/adminHost', 'there was no answer in time'];
    case 'PROXY_PROTOCOL':
      return ['/adminPort', `what answers there is no admin interface of ${kind}`];
    case 'PROXY_BUSY':
      return ['/adminHost', 'the proxy is busy'];
    case 'PROXY_UNREACHABLE':
      return unreachable(error.cause);
    default:
      return undefined;
  }
}

function unreachable(cause: unknown): readonly [pointer: string, message: string] {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return ['/adminHost', 'the host name is not known'];
  if (code === 'ECONNREFUSED') return ['/adminPort', 'nobody listens on this port of the host'];
  if (code === 'PROTOCOL_CONNECTION_LOST' || code === 'ECONNRESET') {
    return ['/adminPort', 'what answers there hung up; is it the port of an admin interface?'];
  }
  if (/SSL|TLS/.test(code)) return ['/adminTls', 'TLS could not be agreed on'];
  return ['/adminHost', 'the host cannot be reached'];
}

function unprocessable(pointer: string, message: string, cause?: unknown): ProxywatchError {
  const problems = [{ pointer, message }];
  return new ProxywatchError('UNPROCESSABLE', `the proxy could not be tried out: ${message}`, { problems, cause });
}
