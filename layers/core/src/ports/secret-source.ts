/** Texts that a deployment knows by their address only. */
export interface SecretSource {
  /**
   * The secret as it is now: it may be another one after a rotation. Rejects with SERVICE_UNREACHABLE when trying again can
   * help, with SERVICE_REFUSED when it cannot: there is no such secret, it holds no text, or it is not ours to read. No
   * message has anything of the text.
   */
  fetchSecret(arn: string, signal?: AbortSignal): Promise<string>;
}
