import type { Credential } from '../domain/proxy.ts';

/** Where the credentials are that proxies are registered with by reference. */
export interface CredentialSource {
  /**
   * The credential as it is now: asked for at each connect, so that a rotated password works without a restart. Rejects
   * with CREDENTIAL_MISSING when there is none under this reference, with another code when the source cannot be read.
   */
  fetchCredential(ref: string, signal?: AbortSignal): Promise<Credential>;
}
