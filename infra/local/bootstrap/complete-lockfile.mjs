// Some registries serve the packages of one platform only; `npm install` then leaves the others out of package-lock.json,
// and `npm ci` refuses such a file. This adds an entry for every optional dependency that is missing, without integrity, since
// nothing of it was fetched. Run it after each change of dependencies: node infra/local/bootstrap/complete-lockfile.mjs [file]
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const PROCESSORS = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64'];

const file = process.argv[2] ?? fileURLToPath(new URL('../../../package-lock.json', import.meta.url));
const lock = JSON.parse(readFileSync(file, 'utf8'));
const stubs = missingStubs(lock.packages);
if (Object.keys(stubs).length > 0) {
  lock.packages = Object.fromEntries(
    Object.entries({ ...lock.packages, ...stubs }).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
}
console.log(`${Object.keys(stubs).length} optional dependencies added to package-lock.json`);

function missingStubs(packages) {
  const stubs = {};
  for (const [path, { optionalDependencies = {}, dev }] of Object.entries(packages)) {
    for (const [name, range] of Object.entries(optionalDependencies)) {
      if (!isLocked(packages, path, name)) stubs[`node_modules/${name}`] = stubOf(name, range, dev);
    }
  }
  return stubs;
}

/** Looks where Node would look: beside the package, then in each folder above it. */
function isLocked(packages, path, name) {
  for (let folder = path; ; folder = folder.slice(0, folder.lastIndexOf('/node_modules/'))) {
    if (Object.hasOwn(packages, `${folder === '' ? '' : `${folder}/`}node_modules/${name}`)) return true;
    if (!folder.includes('/node_modules/')) return Object.hasOwn(packages, `node_modules/${name}`);
  }
}

/** What npm would have written, as far as the name of a platform package tells, e.g. `@x/binding-linux-arm64-musl`. */
function stubOf(name, range, dev) {
  const words = name.slice(name.lastIndexOf('/') + 1).split('-');
  const only = (list) => list.filter((word) => words.includes(word));
  const libc = words.some((word) => word.startsWith('musl')) ? ['musl'] : ['glibc'];
  const os = only(SYSTEMS);
  const cpu = only(PROCESSORS);
  return {
    version: range.replace(/^[\^~]/, ''),
    ...(cpu.length > 0 && { cpu }),
    ...(dev === true && { dev }),
    ...(os.includes('linux') && words.some((word) => /^(gnu|musl|glibc)/.test(word)) && { libc }),
    optional: true,
    ...(os.length > 0 && { os }),
  };
}
