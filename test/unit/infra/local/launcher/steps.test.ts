import { describe, expect, test } from '@jest/globals';
import {
  type Progress,
  type Run,
  type Started,
  type Step,
  startSteps,
} from '../../../../../infra/local/launcher/steps.ts';

const run = (signal = new AbortController().signal): Run => ({
  folder: {
    path: '',
    logOf: () => '',
    dataOf: () => '',
    put: () => '',
    remove: () => {},
    close: async () => {},
  },
  settings: new Map(),
  signal,
});

function recorder() {
  const events: string[] = [];
  const progress: Progress = {
    begin: (name) => void events.push(`begin ${name}`),
    done: (name, _, detail) => void events.push(`done ${name}${detail === undefined ? '' : ` ${detail}`}`),
    failed: (name, _, message) => void events.push(`failed ${name} ${message}`),
  };
  const step = (name: string, part: Started | Error): Step => ({
    name,
    async start() {
      if (part instanceof Error) throw part;
      return { stop: async () => void events.push(`stop ${name}`), ...part };
    },
  });
  return { events, progress, step };
}

describe('steps', () => {
  test('start in order and stop in reverse', async () => {
    const { events, progress, step } = recorder();
    const system = await startSteps([step('a', { detail: 'here' }), step('b', {})], run(), progress);
    expect(events.splice(0)).toEqual(['begin a', 'done a here', 'begin b', 'done b']);
    await system.stop();
    expect(events).toEqual(['begin b', 'stop b', 'done b stopped', 'begin a', 'stop a', 'done a stopped']);
  });

  test('of which one fails leave nothing running', async () => {
    const { events, progress, step } = recorder();
    const steps = [step('a', {}), step('b', new Error('no room')), step('c', {})];
    await expect(startSteps(steps, run(), progress)).rejects.toThrow('no room');
    expect(events).toContain('failed b no room');
    expect(events.filter((event) => event.startsWith('stop'))).toEqual(['stop a']);
    expect(events).not.toContain('begin c');
  });

  test('that are given up half way leave nothing running', async () => {
    const { events, progress, step } = recorder();
    const caller = new AbortController();
    const giveUp: Step = {
      name: 'b',
      async start() {
        caller.abort(new Error('enough'));
        return {};
      },
    };
    await expect(startSteps([step('a', {}), giveUp, step('c', {})], run(caller.signal), progress)).rejects.toThrow(
      'enough',
    );
    expect(events).toContain('stop a');
    expect(events).not.toContain('begin c');
  });

  test('are all stopped although one of them cannot', async () => {
    const { events, progress, step } = recorder();
    const broken = { stop: () => Promise.reject(new Error('stuck')) };
    const system = await startSteps([step('a', {}), step('b', broken)], run(), progress);
    await system.stop();
    expect(events).toEqual(expect.arrayContaining(['failed b stuck', 'stop a']));
  });

  test('tell when a part ends by itself', async () => {
    const { progress, step } = recorder();
    const { promise, resolve } = Promise.withResolvers<string>();
    const system = await startSteps([step('a', {}), step('b', { ended: promise })], run(), progress);
    resolve('exited with code 1');
    expect(await system.ended).toBe('b exited with code 1');
  });
});
