import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { rdsAuthorities, tlsOptions } from '@proxywatch/core/drivers/dcdb/pool-tls';

describe('TLS to the DCDB', () => {
  test('is not asked for unless the URL does', () => {
    expect(tlsOptions('none', undefined)).toEqual({});
  });

  test('checks the certificate and the name in it, against the authorities that are known or given', () => {
    const checks = { verifyIdentity: true, minVersion: 'TLSv1.2' };
    expect(tlsOptions('system', undefined)).toEqual({ ssl: checks });
    expect(tlsOptions('system', 'PEM')).toEqual({ ssl: { ...checks, ca: 'PEM' } });
  });

  test('trusts no one but Amazon for RDS', () => {
    const { ssl } = tlsOptions('rds', undefined);
    expect(ssl).toMatchObject({ verifyIdentity: true, minVersion: 'TLSv1.2', ca: rdsAuthorities() });
    const subjects = rdsAuthorities().map((pem) => new X509Certificate(pem).subject);
    expect(subjects.filter((subject) => !/^O=(Amazon|Starfield)|Amazon/m.test(subject))).toEqual([]);
    expect(subjects.join('\n')).toContain('CN=Amazon RDS eu-central-1 Root CA RSA2048 G1');
  });
});
