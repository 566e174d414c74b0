import { PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { LAB_CREDENTIALS } from '../../infra/local/lab-proxies.ts';
import { type Clients, outputOf } from './clients.ts';
import { createRestClient, type RestClient } from './rest-client.ts';
import { ADMIN } from './stage-file.ts';

export interface DeployedFleet {
  readonly api: RestClient;
  /** Puts the lab proxies' log-ins into the deployed secrets, and registers those that are not yet. */
  register(): Promise<void>;
}

/** The deployed system over the lab proxies, as its operators see it. */
export async function openFleet(clients: Clients): Promise<DeployedFleet> {
  const { deployed, aws, lambda, secrets } = clients;
  const { outputs } = deployed.lab;
  const apiId = new URL(outputOf(outputs, 'ApiUrl')).hostname.split('.', 1)[0] ?? '';
  const api = await createRestClient(aws, lambda, apiId);
  const put = (output: string, value: unknown) =>
    secrets.send(
      new PutSecretValueCommand({ SecretId: outputOf(outputs, output), SecretString: JSON.stringify(value) }),
    );

  return {
    api,
    async register() {
      const { 'lab-stats': stats, 'lab-admin': admin } = LAB_CREDENTIALS;
      await put('StatsCredentialsSecret', { 'lab-stats': stats });
      await put('AdminCredentialsSecret', { 'lab-admin': admin });
      for (const { id, namespace, adminPort, trafficPort } of deployed.world.labs) {
        const known = await api.call('GET', `/v1/proxies/${id}`, { as: ADMIN });
        if (known.status === 200) continue;
        await api.call('POST', '/v1/namespaces', { as: ADMIN, body: { name: namespace } });
        const body = {
          id,
          namespace,
          adminHost: '127.0.0.1',
          adminPort,
          trafficHost: '127.0.0.1',
          trafficPort,
          statsCredentialRef: 'lab-stats',
          adminCredentialRef: 'lab-admin',
          managed: true,
        };
        const { status, text } = await api.call('POST', '/v1/proxies', { as: ADMIN, body });
        if (status !== 201) throw new Error(`${id} was not registered: ${text}`);
      }
    },
  };
}
