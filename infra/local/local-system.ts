import { join } from 'node:path';
import { GATEWAY_ENVIRONMENT, GATEWAY_NODE_FLAGS } from '../../functions/gateway/node-flags.ts';
import { prometheusRules, renderPrometheusConfig } from '../prometheus/render.ts';
import { apiSteps } from './api/api-steps.ts';
import { fleetSettings, type GatewayAddress, gatewayAddresses, type LocalConfig, labAddresses } from './config.ts';
import { adminAddress, LAB_CREDENTIALS, labName, peersOf, registrationOf, trafficAddress } from './lab-proxies.ts';
import { nodeProcess, service, task } from './launcher/parts.ts';
import { answersHttp, printsReadyLine } from './launcher/ready-checks.ts';
import { settingOf } from './launcher/settings.ts';
import type { Step } from './launcher/steps.ts';
import { migrate } from './migrate.ts';
import { keepRegistryPublished } from './publish-proxies.ts';
import { startKafka } from './services/kafka.ts';
import { startMariadb } from './services/mariadb.ts';
import { ALERT_RULES, startPrometheus } from './services/prometheus.ts';
import { startRedis } from './services/redis.ts';
import { labConfiguration } from './traffic/lab-configuration.ts';
import { seedBackends } from './traffic/seed.ts';

/** The whole system on one machine, in the order in which it starts. A new part is one entry here. */
export function localSystem(root: string, config: LocalConfig): readonly Step[] {
  const labs = labAddresses(config.LAB_PORT);
  const gateways = gatewayAddresses(config.GATEWAY_PORT, config.GATEWAYS);
  return [
    service({
      name: 'redis',
      variable: 'REDIS_URL',
      given: config.REDIS_URL,
      start: (options) => startRedis({ ...options, port: config.REDIS_PORT }),
    }),
    service({
      name: 'mariadb',
      variable: 'DCDB_URL',
      given: config.DCDB_URL,
      start: (options) => startMariadb({ ...options, port: config.MARIADB_PORT }),
      settings: ({ adminUrl }) => ({ LAB_BACKEND_URL: adminUrl }),
    }),
    // Behind the lab proxies stands the same server, unless the DCDB is somebody's own: that one is not filled with a shop.
    ...(config.DCDB_URL === undefined ? [] : [labBackend()]),
    service({
      name: 'kafka',
      variable: 'KAFKA_BROKERS',
      given: config.KAFKA_BROKERS,
      start: (options) => startKafka(options),
    }),
    task('schema', async (settings) => {
      const lines: string[] = [];
      await migrate({ DCDB_URL: settingOf(settings, 'DCDB_URL') }, (line) => lines.push(line));
      return lines.join(', ');
    }),
    task('lab data', async (settings, { signal }) => {
      await seedBackends(settingOf(settings, 'LAB_BACKEND_URL'), signal);
      return undefined;
    }),
    ...labs.map((lab) =>
      nodeProcess(root, {
        name: labName(lab),
        command: ['infra/local/lab/main.ts'],
        ready: printsReadyLine,
        // As ProxySQL's angel process does.
        respawn: true,
        ports: [lab.adminPort, lab.trafficPort].map((port) => ({ port, variable: 'LAB_PORT' })),
        detail: `admin ${adminAddress(lab)}, traffic ${trafficAddress(lab)}`,
        env: ({ settings, folder }) => {
          const backend = new URL(settingOf(settings, 'LAB_BACKEND_URL'));
          return {
            LAB_ID: `${lab.number}`,
            LAB_ADMIN_PORT: `${lab.adminPort}`,
            LAB_TRAFFIC_PORT: `${lab.trafficPort}`,
            LAB_DATA_DIR: folder.dataOf(labName(lab)),
            LAB_PEERS: peersOf(lab, labs).map(adminAddress).join(','),
            LAB_BACKENDS: JSON.stringify(labConfiguration(backend.hostname, Number(backend.port))),
          };
        },
      }),
    ),
    {
      name: 'registry',
      async start({ settings, folder, signal }) {
        settings.set('LAB_PORT', `${config.LAB_PORT}`);
        settings.set('PROXY_CREDENTIALS_FILE', folder.put('credentials.json', `${JSON.stringify(LAB_CREDENTIALS)}\n`));
        const stores = { dcdbUrl: settingOf(settings, 'DCDB_URL'), redisUrl: settingOf(settings, 'REDIS_URL') };
        const stop = await keepRegistryPublished(stores, labs.map(registrationOf), {
          signal,
          onProblem: (problem) => console.error(`! the registry is not published: ${problem}`),
        });
        return { detail: labs.map(labName).join(', '), stop };
      },
    },
    ...gateways.map(({ id, port, address }) =>
      nodeProcess(root, {
        name: id,
        command: [...GATEWAY_NODE_FLAGS, 'functions/gateway/main.ts'],
        ready: answersHttp(`http://${address}/readyz`),
        // As ECS does with a task.
        respawn: true,
        ports: [{ port, variable: 'GATEWAY_PORT' }],
        detail: `http://${address}/metrics`,
        // Neither GATEWAY_ID nor GATEWAY_PORT: whoever joins from another shell reads these settings too.
        settings: () => ({ ...gatewayUrls(gateways), ...fleetSettings(config) }),
        env: ({ settings }) => ({
          ...GATEWAY_ENVIRONMENT,
          REDIS_URL: settingOf(settings, 'REDIS_URL'),
          PROXY_CREDENTIALS_FILE: settingOf(settings, 'PROXY_CREDENTIALS_FILE'),
          GATEWAY_ID: id,
          GATEWAY_PORT: `${port}`,
          GATEWAY_ADVERTISE: address,
          ...fleetSettings(config),
        }),
      }),
    ),
    scanner(root, config),
    service({
      name: 'prometheus',
      variable: 'SKYEYE_URL',
      given: config.SKYEYE_URL,
      start: (options) => {
        const scraping = renderPrometheusConfig({
          scrapeInterval: '5s',
          scrapeTimeout: '4s',
          discoveryUrls: gateways.map(({ address }) => `http://${address}/sd`),
          ruleFiles: ['rules.yml', ALERT_RULES],
        });
        const rules = prometheusRules();
        return startPrometheus({ ...options, port: config.PROMETHEUS_PORT, config: scraping, rules });
      },
      // A server that was given has rules of its own.
      settings: ({ alertRulesFile, reloadUrl }) => ({ ALERT_RULES_FILE: alertRulesFile, SKYEYE_RELOAD_URL: reloadUrl }),
    }),
    ...apiSteps(root, config),
    // Last, so that every statement is seen from its first execution on.
    nodeProcess(root, {
      name: 'traffic',
      command: ['infra/local/traffic/main.ts'],
      ready: printsReadyLine,
      env: () => ({ TRAFFIC_TARGETS: labs.map(trafficAddress).join(','), TRAFFIC_CONTROL_PORT: '0' }),
      detail: 'npm run lab -- pause | resume',
      settings: ({ controlPort }) => ({ TRAFFIC_CONTROL_PORT: String(controlPort) }),
    }),
  ];
}

/** `GATEWAY_URL` for whoever needs any of them, `GATEWAY_URLS` for whoever wants all. */
function gatewayUrls(gateways: readonly GatewayAddress[]): Readonly<Record<string, string>> {
  const urls = gateways.map(({ address }) => `http://${address}`);
  return { GATEWAY_URL: urls[0] ?? '', GATEWAY_URLS: urls.join(',') };
}

/** Dispatch and collecting in one process; what it is told otherwise, it reads from our environment. */
function scanner(root: string, { SCAN_TICK_MS }: LocalConfig): Step {
  return nodeProcess(root, {
    name: 'scanner',
    command: ['--disable-warning=TimeoutNegativeWarning', 'infra/local/scan/main.ts'],
    ready: printsReadyLine,
    // As Lambda goes on with the next invocation.
    respawn: true,
    detail: `every ${SCAN_TICK_MS / 1_000} s`,
    settings: ({ deadLetters }) => ({
      SCAN_TICK_MS: `${SCAN_TICK_MS}`,
      SCAN_DEAD_LETTERS_FILE: String(deadLetters),
    }),
    env: ({ settings, folder }) => ({
      REDIS_URL: settingOf(settings, 'REDIS_URL'),
      DCDB_URL: settingOf(settings, 'DCDB_URL'),
      KAFKA_BROKERS: settingOf(settings, 'KAFKA_BROKERS'),
      PROXY_CREDENTIALS_FILE: settingOf(settings, 'PROXY_CREDENTIALS_FILE'),
      SCAN_TICK_MS: `${SCAN_TICK_MS}`,
      SCAN_DEAD_LETTERS_FILE: join(folder.path, 'dead-letters.jsonl'),
    }),
  });
}

function labBackend(): Step {
  return service({
    name: 'lab-backend',
    variable: 'LAB_BACKEND_URL',
    given: undefined,
    start: async (options) => {
      const server = await startMariadb(options);
      return { ...server, url: server.adminUrl };
    },
  });
}
