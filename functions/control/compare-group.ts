import { differenceWords } from '@proxywatch/core/domain/control/change-words';
import type { LayerRows } from '@proxywatch/core/domain/control/config-rows';
import { differencesOf, loadDifferences } from '@proxywatch/core/domain/control/layer-diff';
import { applyWrites } from '@proxywatch/core/domain/control/row-writes';
import type { ProxyControl } from '@proxywatch/core/ports/proxy-control';
import type { GroupRun } from './group-run.ts';

const MOST_WORDS = 10;

/** The writer's memory as the operation wants it. */
export async function wantedMemory(run: GroupRun, writer: string): Promise<LayerRows> {
  const { memory, writes } = await run.preImageOf(writer);
  return applyWrites(memory, writes);
}

/** Where two states of memory differ, in words without secrets; empty: they do not. */
export function memoryWords(
  control: ProxyControl,
  wanted: LayerRows,
  found: LayerRows,
  name = 'the operation',
): readonly string[] {
  return bounded(
    differencesOf(control, wanted, found).map((difference) => differenceWords(control, difference, name, 'memory')),
  );
}

/** What memory has and does not run, or the other way round, apart from what monitors do. */
export function runtimeWords(
  control: ProxyControl,
  memory: LayerRows,
  runtime: LayerRows,
  name = 'memory',
): readonly string[] {
  const { edits } = loadDifferences(control, memory, runtime);
  return bounded(edits.map((difference) => differenceWords(control, difference, name, 'runtime')));
}

function bounded(words: readonly string[]): readonly string[] {
  if (words.length <= MOST_WORDS) return words;
  return [...words.slice(0, MOST_WORDS), `and ${words.length - MOST_WORDS} more`];
}
