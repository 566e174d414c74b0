import type { Principal } from '../domain/access/caller.ts';

/**
 * Finds out who speaks. Rejects with UNAUTHENTICATED when nobody is told, or somebody who cannot be believed, and with
 * SERVICE_UNREACHABLE (service `identity`) when that cannot be found out now.
 */
export interface Authenticator {
  /** Value of `WWW-Authenticate` for those who are refused. */
  readonly challenge: string;
  authenticate(credentials: PresentedCredentials, signal?: AbortSignal): Promise<Principal>;
}

/** What a request says about who sent it. */
export interface PresentedCredentials {
  /** The header `Authorization`, given once. */
  readonly authorization: string | undefined;
  /** ARN of the principal whose signature API Gateway checked. */
  readonly iamArn: string | undefined;
}
