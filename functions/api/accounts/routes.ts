import type { AnyRoute } from '#api/route';
import { batchAccounts } from './batch-accounts.ts';
import { changeAccount, disableAccount, enableAccount } from './change-account.ts';
import { createAccount } from './create-account.ts';
import { deleteAccount } from './delete-account.ts';
import { getAccount } from './get-account.ts';
import { importAccounts } from './import-accounts.ts';
import { killSessions } from './kill-sessions.ts';
import { listAccounts } from './list-accounts.ts';
import { passwordReport } from './password-report.ts';
import { rotatePassword } from './rotate-password.ts';
import { testLogin } from './test-login.ts';

export const accountsRoutes: readonly AnyRoute[] = [
  listAccounts,
  createAccount,
  getAccount,
  changeAccount,
  deleteAccount,
  rotatePassword,
  enableAccount,
  disableAccount,
  testLogin,
  killSessions,
  importAccounts,
  batchAccounts,
  passwordReport,
];
