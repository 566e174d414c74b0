import type { AnyRoute } from '#api/route';
import { batchSettings } from './batch-settings.ts';
import { changeSetting, deleteSetting } from './change-setting.ts';
import { compareVariables } from './compare-variables.ts';
import { getVariable } from './get-variable.ts';
import { getSetting, listSettings } from './list-settings.ts';
import { listVariables } from './list-variables.ts';
import { createSetting, replaceSetting } from './put-setting.ts';
import { resetToDefault } from './reset-to-default.ts';
import { variableHistory } from './variable-history.ts';

export const variablesRoutes: readonly AnyRoute[] = [
  listVariables,
  compareVariables,
  listSettings,
  createSetting,
  replaceSetting,
  resetToDefault,
  batchSettings,
  getSetting,
  changeSetting,
  deleteSetting,
  getVariable,
  variableHistory,
];
