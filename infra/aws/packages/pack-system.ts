import { type PackedFunction, packFunctions } from './pack-functions.ts';
import { packGateway } from './pack-gateway.ts';
import { type PackedLayers, packLayers } from './pack-layers.ts';
import { packPrometheus } from './pack-prometheus.ts';

/** All that is deployed, as folders. */
export interface PackedSystem {
  /** By their names in `FUNCTIONS`. */
  readonly functions: ReadonlyMap<string, PackedFunction>;
  readonly layers: PackedLayers;
  /** Folders with a Dockerfile and all that it copies. */
  readonly gateway: string;
  readonly prometheus: string;
}

/** Packs everything below `outDir`. The same sources give the same bytes, so that a deployment replaces what changed. */
export async function packSystem(outDir: string): Promise<PackedSystem> {
  const [functions, layers, gateway, prometheus] = await Promise.all([
    packFunctions({ outDir }),
    packLayers({ outDir }),
    packGateway({ outDir }),
    packPrometheus({ outDir }),
  ]);
  return { functions: new Map(functions.map((packed) => [packed.name, packed])), layers, gateway, prometheus };
}
