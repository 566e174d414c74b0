import { type PackedFunction, packFunctions } from './pack-functions.ts';
import { type PackedLayers, packLayers } from './pack-layers.ts';

/** All that is deployed, as folders. */
export interface PackedSystem {
  /** By their names in `FUNCTIONS`. */
  readonly functions: ReadonlyMap<string, PackedFunction>;
  readonly layers: PackedLayers;
}

/** Packs everything below `outDir`. The same sources give the same bytes, so that a deployment replaces what changed. */
export async function packSystem(outDir: string): Promise<PackedSystem> {
  const [functions, layers] = await Promise.all([packFunctions({ outDir }), packLayers({ outDir })]);
  return { functions: new Map(functions.map((packed) => [packed.name, packed])), layers };
}
