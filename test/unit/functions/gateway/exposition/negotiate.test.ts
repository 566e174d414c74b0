import { describe, expect, test } from '@jest/globals';
import { negotiate } from '../../../../../functions/gateway/exposition/negotiate.ts';

const OPENMETRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
const OPENMETRICS_OLD = 'application/openmetrics-text; version=0.0.1; charset=utf-8';
const TEXT = 'text/plain; version=0.0.4; charset=utf-8';

describe('the format a scraper wants', () => {
  test.each([
    ['nothing', undefined, TEXT],
    ['curl', '*/*', TEXT],
    [
      'Prometheus 2.42',
      'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
      OPENMETRICS,
    ],
    [
      'Prometheus 3',
      'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1',
      OPENMETRICS,
    ],
    ['an old Prometheus', 'text/plain;version=0.0.4;q=1,*/*;q=0.1', TEXT],
    ['a browser', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', TEXT],
    ['only the old OpenMetrics', 'application/openmetrics-text; version=0.0.1', OPENMETRICS_OLD],
    ['OpenMetrics of any version', 'application/openmetrics-text', OPENMETRICS],
    ['OpenMetrics of a version to come', 'application/openmetrics-text;version=7.0.0, text/plain;q=0.1', TEXT],
    ['text rather', 'application/openmetrics-text;q=0.3, text/plain;q=0.7', TEXT],
    ['any text rather', 'application/openmetrics-text;q=0.3, text/*;q=0.7', TEXT],
    ['both alike', 'text/plain, application/openmetrics-text', OPENMETRICS],
    ['no OpenMetrics', 'application/openmetrics-text;q=0, */*', TEXT],
    ['something else', 'application/json', TEXT],
    ['shouting and quoting', 'APPLICATION/OpenMetrics-Text; Version="1.0.0"; Q=1', OPENMETRICS],
    ['nonsense', ';;,q=,=;version', TEXT],
    ['a broken quality', 'application/openmetrics-text;q=lots, text/plain;q=0.1', TEXT],
  ])('%s', (_, accept, contentType) => {
    const negotiated = negotiate(accept);
    expect(negotiated.contentType).toBe(contentType);
    expect(negotiated.format).toBe(contentType === TEXT ? 'text' : 'openmetrics');
  });
});

describe('compression', () => {
  test.each([
    [undefined, false],
    ['gzip', true],
    ['deflate, GZIP;q=0.5', true],
    ['*', true],
    ['gzip;q=0', false],
    ['gzip;q=0, *', false],
    ['identity, gzip;q=0.5', false],
    ['identity;q=0.5, gzip;q=0.5', true],
    ['deflate, br', false],
  ])('for %s: %s', (acceptEncoding, gzip) => {
    expect(negotiate('', acceptEncoding).gzip).toBe(gzip);
  });
});
