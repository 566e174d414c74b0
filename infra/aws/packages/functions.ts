import { API_MODULES } from '../../../functions/api/shared/route.ts';

/** `api` has what the modules of the API share. */
export type LayerName = 'core' | 'vendor' | 'api';

export interface FunctionEntry {
  /** Folder of the package, and part of the function's name. */
  readonly name: string;
  /** The file that exports `handler`, from the root of the project. */
  readonly entry: string;
}

/** All Lambda functions of the system. */
export const FUNCTIONS: readonly FunctionEntry[] = [
  { name: 'scanner-dispatch', entry: 'functions/scanner/dispatch/handler.ts' },
  { name: 'scanner-collect', entry: 'functions/scanner/collect/handler.ts' },
  { name: 'control-operate', entry: 'functions/control/handler.ts' },
  { name: 'deploy', entry: 'functions/deploy/handler.ts' },
  ...API_MODULES.map((name) => ({ name: `api-${name}`, entry: `functions/api/${name}/handler.ts` })),
];
