import { join } from 'node:path';
import { describeExit, type Exit } from '../services/child.ts';
import { assertPortFree } from '../services/ports.ts';
import type { ServiceOptions } from '../services/service.ts';
import { startNodeProcess } from './node-process.ts';
import type { ReadyCheck, Told } from './ready-checks.ts';
import { type Settings, withoutPassword } from './settings.ts';
import type { Run, Step } from './steps.ts';
import { supervise } from './supervise.ts';

/** What a function of infra/local/services resolves to, as far as a run needs it. */
interface StartedService {
  readonly url: string;
  readonly pid: number;
  readonly exited: Promise<Exit>;
  stop(): Promise<void>;
}

export interface ServicePart<S extends StartedService> {
  readonly name: string;
  /** Setting that tells its URL to others. */
  readonly variable: string;
  /** URL from the environment: then nothing is started. */
  readonly given: string | undefined;
  start(options: ServiceOptions, run: Run): Promise<S>;
  /** More settings that come with it. */
  settings?(service: S): Readonly<Record<string, string>>;
}

/** A server that is started, or used as given. Its pid stands in `run/<name>.pid`, its output in `logs/<name>.log`. */
export function service<S extends StartedService>(part: ServicePart<S>): Step {
  return {
    name: part.name,
    async start(run) {
      if (part.given !== undefined) {
        run.settings.set(part.variable, part.given);
        return { detail: `${withoutPassword(part.given)}, as given by ${part.variable}` };
      }
      const started = await part.start({ log: run.folder.logOf(part.name), signal: run.signal }, run);
      run.settings.set(part.variable, started.url);
      putPid(run, part.name, started.pid);
      addSettings(run.settings, part.settings?.(started));
      return {
        detail: withoutPassword(started.url),
        ended: started.exited.then(describeExit),
        stop: () => started.stop(),
      };
    },
  };
}

export interface NodePart {
  readonly name: string;
  /** Script and arguments, relative to the project. */
  readonly command: readonly string[];
  readonly ready: ReadyCheck;
  readonly env: (run: Run) => Readonly<Record<string, string>>;
  /** Starts it again when it dies; otherwise its death ends the run. */
  readonly respawn?: boolean;
  /** Ports it takes, each with the variable that changes it. */
  readonly ports?: readonly { readonly port: number; readonly variable: string }[];
  readonly detail?: string;
  /** Settings that tell others about it, from what it told when it was ready. */
  readonly settings?: (told: Told) => Readonly<Record<string, string>>;
}

/** A process of this project. Its pid stands in `run/<name>.pid`, its output in `logs/<name>.log`. */
export function nodeProcess(root: string, part: NodePart): Step {
  return {
    name: part.name,
    async start(run) {
      for (const { port, variable } of part.ports ?? []) await assertPortFree(port, part.name, variable);
      const log = run.folder.logOf(part.name);
      const spec = {
        name: part.name,
        command: part.command,
        root,
        env: part.env(run),
        log,
        ready: part.ready,
        onSpawn: (pid: number) => putPid(run, part.name, pid),
        onReady: (told: Told) => addSettings(run.settings, part.settings?.(told)),
      };
      const process = await supervise((signal) => startNodeProcess(spec, signal), run.signal, {
        respawn: part.respawn ?? false,
        onRespawn: (reason) => console.error(`! ${part.name} ${reason}: starting it again`),
      });
      return {
        ...(part.detail === undefined ? {} : { detail: part.detail }),
        ended: process.ended,
        stop: () => process.stop(),
      };
    },
  };
}

/** Work that is done once. `work` may answer what to tell beside the name. */
export function task(name: string, work: (settings: Settings, run: Run) => Promise<string | undefined>): Step {
  return {
    name,
    async start(run) {
      const detail = await work(run.settings, run);
      return detail === undefined ? {} : { detail };
    },
  };
}

function addSettings(settings: Settings, more: Readonly<Record<string, string>> = {}): void {
  for (const [name, value] of Object.entries(more)) settings.set(name, value);
}

function putPid({ folder }: Run, name: string, pid: number): void {
  folder.put(join('run', `${name}.pid`), `${pid}\n`);
}
