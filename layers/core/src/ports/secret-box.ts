/** Keeps what must be read again but never lie about in clear text: pre-images, values of secret variables. */
export interface SecretBox {
  /** @param context what it belongs to; only the same context opens it again */
  seal(text: string, context: string, signal?: AbortSignal): Promise<string>;
  /** Rejects with RECORD_DAMAGED when it is not what was sealed for this context. */
  open(sealed: string, context: string, signal?: AbortSignal): Promise<string>;
  /** A keyed digest, hex: equal texts have equal ones, and nobody without the key can try texts out. */
  fingerprint(text: string, signal?: AbortSignal): Promise<string>;
}
