import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export const OLDEST_MOTO = '5.2';
const gettingIt = (python: string) => `${python} -m pip install 'moto[server]>=${OLDEST_MOTO}' boto3`;
const TIME_LIMIT_MS = 60_000;

/** What the emulator needs, told as JSON; what is missing is told by its name. */
const PROBE = `
import json, sys
missing = []
version = None
for name in ("moto", "flask", "boto3"):
    try:
        module = __import__(name)
        version = getattr(module, "__version__", None) if name == "moto" else version
    except ImportError:
        missing.append(name)
print(json.dumps({"executable": sys.executable, "python": list(sys.version_info[:2]), "moto": version, "missing": missing}))
`;

export type Python = { readonly executable: string } | { readonly problem: string };

/** The Python that has what the emulator needs, or why there is none and how to get it. */
export async function findPython(command = process.env.PYTHON ?? 'python3'): Promise<Python> {
  let found: { executable: string; python: [number, number]; moto: string | null; missing: string[] };
  try {
    const { stdout } = await promisify(execFile)(command, ['-c', PROBE], { timeout: TIME_LIMIT_MS });
    found = JSON.parse(stdout);
  } catch (error) {
    const isAbsent = typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
    const reason = isAbsent ? 'is not there' : `does not run (${String(error).split('\n', 1)[0]})`;
    return { problem: `${command} ${reason}; with Python 3.10 or newer: ${gettingIt('python3')}` };
  }
  const { executable, python, moto, missing } = found;
  if (python[0] < 3 || python[1] < 10) {
    return {
      problem: `${executable} is Python ${python.join('.')}; with Python 3.10 or newer: ${gettingIt('python3')}`,
    };
  }
  if (missing.length > 0) return { problem: `${executable} has no ${missing.join(', ')}: ${gettingIt(executable)}` };
  if (isOlder(moto ?? '0', OLDEST_MOTO))
    return { problem: `moto ${moto} is older than ${OLDEST_MOTO}: ${gettingIt(executable)}` };
  return { executable };
}

function isOlder(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => text.split('.').map((part) => Number.parseInt(part, 10) || 0));
  const at = (b ?? []).findIndex((part, i) => part !== (a?.[i] ?? 0));
  return at !== -1 && (a?.[at] ?? 0) < (b?.[at] ?? 0);
}
