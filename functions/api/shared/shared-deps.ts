import { createJsonLog } from '@proxywatch/core/drivers/log/json-log';
import type { ApiRuntime } from './api-runtime.ts';
import { parseApiConfig } from './config.ts';
import { createApiRuntime } from './create-api-runtime.ts';

let runtime: ApiRuntime | undefined;

/** The runtime of this process, from its environment: one for all handlers that live in it. Throws CONFIG_INVALID. */
export function sharedApiDeps(): ApiRuntime {
  runtime ??= createApiRuntime(
    parseApiConfig(process.env),
    createJsonLog((line) => process.stdout.write(line)),
  );
  return runtime;
}
