// Whether the gateway in this container is alive and has joined its fleet, as an exit code. The image has no curl.
const TIMEOUT_MS = 4_000;

try {
  const url = `http://127.0.0.1:${process.env.GATEWAY_PORT}/healthz?joined=true`;
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`answered ${response.status} ${await response.text()}`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}

export {};
