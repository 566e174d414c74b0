import { describe, expect, test } from '@jest/globals';
import { renderPrometheusConfig } from '../../../../infra/prometheus/render.ts';

const settings = { scrapeInterval: '5s', scrapeTimeout: '4s', discoveryUrls: ['http://127.0.0.1:9464/sd'] };

describe('Prometheus configuration', () => {
  test('leaves no placeholder outside its comments', () => {
    const lines = renderPrometheusConfig(settings).split('\n');
    expect(lines.filter((line) => !line.trimStart().startsWith('#') && line.includes('${'))).toEqual([]);
  });

  test('asks every gateway for targets as often as it scrapes', () => {
    const config = renderPrometheusConfig({ ...settings, discoveryUrls: ['http://a/sd', 'http://b/sd'] });
    expect(config).toContain(
      'http_sd_configs: [{"url":"http://a/sd","refresh_interval":"5s"},{"url":"http://b/sd","refresh_interval":"5s"}]',
    );
  });

  test('asks them for the gateways themselves too', () => {
    expect(renderPrometheusConfig(settings)).toContain(
      'http_sd_configs: [{"url":"http://127.0.0.1:9464/sd/gateways","refresh_interval":"5s"}]',
    );
  });

  test('writes values as JSON, so that no text can become configuration', () => {
    const externalLabels = { cluster: 'a"\nremote_write: [' };
    expect(renderPrometheusConfig({ ...settings, externalLabels })).toContain(
      'external_labels: {"cluster":"a\\"\\nremote_write: ["}',
    );
  });
});
