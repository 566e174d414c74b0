import { relative } from 'node:path';
import { ROLES } from '@proxywatch/core/domain/access/role';
import type { RunFolder } from './launcher/run-folder.ts';
import { type Settings, settingOf, withoutPassword } from './launcher/settings.ts';

/** Where everything is, for the end of a start. */
export function printedAddresses(settings: Settings, folder: RunFolder): string {
  const gateways = settingOf(settings, 'GATEWAY_URLS').split(',');
  const lines = [
    ...gateways.map((url) => ['metrics', `${url}/metrics`]),
    ...(gateways.length > 1 ? [['all metrics', `${gateways[0]}/metrics?fleet=true`]] : []),
    ['API', `${settingOf(settings, 'API_URL')}/docs`],
    ['Prometheus', settingOf(settings, 'SKYEYE_URL')],
    ['Redis', withoutPassword(settingOf(settings, 'REDIS_URL'))],
    ['DCDB', withoutPassword(settingOf(settings, 'DCDB_URL'))],
    ['Kafka', settingOf(settings, 'KAFKA_BROKERS')],
    ['dbconfig', settingOf(settings, 'DBCONFIG_URL')],
    ['settings', shown(`${folder.path}/env`)],
    ['logs', shown(`${folder.path}/logs`)],
  ];
  const tokens = ROLES.map((role) => `\n${role}: ${settingOf(settings, `${role.toUpperCase()}_TOKEN`)}\n`).join('');
  const width = Math.max(...lines.map(([name = '']) => name.length));
  const table = lines.map(([name = '', value = '']) => `  ${name.padEnd(width)}  ${value}\n`).join('');
  return `\nProxywatch is up. Ctrl-C stops all of it.\n${table}\nTokens for the API, valid as long as this run; they stand in the settings, and \`npm run token\` makes others:\n${tokens}`;
}

function shown(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere.startsWith('..') ? path : fromHere;
}
