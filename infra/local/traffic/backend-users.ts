export type Schema = 'shop' | 'crm' | 'analytics';
export type UserName = 'app_rw' | 'app_ro' | 'batch';

/** Hostgroups of the lab: the same MariaDB stands in both. */
export const WRITER_HOSTGROUP = 10;
export const READER_HOSTGROUP = 20;

export interface BackendUser {
  readonly name: UserName;
  /** Of a lab on loopback; nothing else knows it. */
  readonly password: string;
  readonly defaultSchema: Schema;
  readonly defaultHostgroup: number;
  readonly privileges: string;
}

/** The account that lab proxies look at their back ends with, by the defaults of their variables; it may only log in. */
export const MONITOR_USER = { name: 'monitor', password: 'monitor' };

/** The application's users: MariaDB, the lab proxies and the traffic know the same ones. */
export const BACKEND_USERS: Readonly<Record<UserName, BackendUser>> = {
  app_rw: {
    name: 'app_rw',
    password: 'lab-app-rw',
    defaultSchema: 'shop',
    defaultHostgroup: WRITER_HOSTGROUP,
    privileges: 'SELECT, INSERT, UPDATE, DELETE',
  },
  app_ro: {
    name: 'app_ro',
    password: 'lab-app-ro',
    defaultSchema: 'shop',
    defaultHostgroup: READER_HOSTGROUP,
    privileges: 'SELECT',
  },
  batch: {
    name: 'batch',
    password: 'lab-batch',
    defaultSchema: 'analytics',
    defaultHostgroup: WRITER_HOSTGROUP,
    privileges: 'SELECT, INSERT, UPDATE, DELETE',
  },
};
