import type { Caller, Principal } from '@proxywatch/core/domain/access/caller';
import type { Authenticator } from '@proxywatch/core/ports/authenticator';
import type { ApiDeps } from './api-deps.ts';
import type { CursorCodec } from './cursor.ts';

/** What the kit itself needs, with what it hands to use cases. One per process. */
export interface ApiRuntime {
  readonly deps: ApiDeps;
  readonly authenticator: Authenticator;
  readonly roles: RoleSource;
  readonly cursors: CursorCodec;
}

/** What a principal may do. */
export interface RoleSource {
  fetchCaller(principal: Principal, signal?: AbortSignal): Promise<Caller>;
}
