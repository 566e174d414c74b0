/**
 * The narrow part of a Redis client that Proxywatch uses: any command by name, so that one server and a cluster look the
 * same. Every call is bounded in time, is sent at most once, and rejects with STORE_UNAVAILABLE when Redis cannot be
 * reached or is not ready; replies that report a mistake of ours (WRONGTYPE, a script's error) reject as they are.
 */
export interface RedisClient {
  /** `host:port`, for messages and logs. */
  readonly address: string;
  /** One command. Keys of one command share a hash tag. */
  call(command: string, args: readonly RedisArgument[], options?: CallOptions): Promise<unknown>;
  /** Runs a Lua script, sending its text only to servers that do not know it yet. */
  evaluate(
    script: RedisScript,
    keys: readonly string[],
    args: readonly RedisArgument[],
    options?: CallOptions,
  ): Promise<unknown>;
  /** Ends the connections; calls that still wait reject. */
  close(): Promise<void>;
}

export type RedisArgument = string | number | Buffer;

export interface RedisScript {
  readonly text: string;
  readonly sha1: string;
}

export interface CallOptions {
  /** Rejects the call early; the command may still be carried out. */
  readonly signal?: AbortSignal;
  /** Strings of the reply come as Buffer. */
  readonly binary?: boolean;
}
