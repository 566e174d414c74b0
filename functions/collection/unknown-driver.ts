import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { ProxyDriver } from '@proxywatch/core/ports/proxy-driver';

/** Stands in for a kind that nobody speaks: its proxies are down and say why, the others are not disturbed. */
export function unknownDriver(kind: string): ProxyDriver {
  return {
    kind,
    async connect(proxy) {
      throw new ProxywatchError(
        'PROXY_UNSUPPORTED',
        `${proxy.id} is of kind ${JSON.stringify(kind)}, for which there is no driver`,
      );
    },
  };
}
