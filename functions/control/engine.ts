import type { ProxyRecord } from '@proxywatch/core/drivers/dcdb/proxy-repository';
import type { CredentialSource } from '@proxywatch/core/ports/credential-source';
import type { Log } from '@proxywatch/core/ports/log';
import type { OperationInvoker } from '@proxywatch/core/ports/operation-invoker';
import type { OperationStore } from '@proxywatch/core/ports/operation-store';
import type { ProxyControl } from '@proxywatch/core/ports/proxy-control';
import type { SecretBox } from '@proxywatch/core/ports/secret-box';
import type { GroupIntent } from './group-intent.ts';
import type { ControlTimes } from './times.ts';

/** What one operation works with. */
export interface Engine {
  readonly store: OperationStore;
  readonly controls: ReadonlyMap<string, ProxyControl>;
  readonly credentials: CredentialSource;
  readonly secrets: Pick<SecretBox, 'seal' | 'open'>;
  readonly invoker: OperationInvoker;
  readonly log: Log;
  readonly clock: ControlClock;
  readonly times: ControlTimes;
  /** All proxies as they are registered now. */
  fetchProxies(signal: AbortSignal): Promise<readonly ProxyRecord[]>;
  /**
   * What an operation wants of a group, worked out anew from the state that its plan was made from. Rejects with CONFLICT
   * when either is another by now, and with whatever else is in the way.
   */
  fetchIntent(request: IntentRequest, signal: AbortSignal): Promise<GroupIntent>;
}

export interface IntentRequest {
  readonly planId: string;
  readonly namespace: string;
  readonly groupId: string;
  readonly members: readonly string[];
}

export interface ControlClock {
  /** Epoch milliseconds. */
  nowMs(): number;
  /** Waits so long, or until the signal aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}
