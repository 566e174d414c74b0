import type { PreImage } from '@proxywatch/core/domain/control/group-work';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { SecretBox } from '@proxywatch/core/ports/secret-box';

export function sealPreImage(
  secrets: Pick<SecretBox, 'seal'>,
  operationId: string,
  proxyId: string,
  image: PreImage,
  signal: AbortSignal,
): Promise<string> {
  return secrets.seal(JSON.stringify(image), contextOf(operationId, proxyId), signal);
}

/** Rejects with RECORD_DAMAGED. */
export async function openPreImage(
  secrets: Pick<SecretBox, 'open'>,
  operationId: string,
  proxyId: string,
  sealed: string,
  signal?: AbortSignal,
): Promise<PreImage> {
  const image: unknown = JSON.parse(await secrets.open(sealed, contextOf(operationId, proxyId), signal));
  // Sealed for this context by ourselves: its version says all about its form.
  if (typeof image === 'object' && image !== null && 'version' in image && image.version === 1)
    return image as PreImage;
  throw new ProxywatchError('RECORD_DAMAGED', `the pre-image of ${proxyId} is of a version that is not known here`);
}

function contextOf(operationId: string, proxyId: string): string {
  return `pre-image:${operationId}:${proxyId}`;
}
