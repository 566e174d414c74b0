import type { StageInput } from '../config.ts';
import { dev } from './dev.ts';
import { prod } from './prod.ts';

/** By what `-c stage=…` names. */
export const STAGES: Readonly<Record<string, StageInput>> = { dev, prod };
