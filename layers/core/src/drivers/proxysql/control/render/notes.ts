import type { FieldNote } from '../../../../ports/proxy-control.ts';
import { fieldSupport } from './field-support.ts';

/** Collects what a rendering cannot express; each field of a subject once. */
export interface Notes {
  readonly all: readonly FieldNote[];
  /** That a field is used which the table of fields calls lossy or unsupported, in its words or in `reason`. */
  add(subject: string, resource: 'account' | 'namespace' | 'server', field: string, reason?: string): void;
}

export function createNotes(): Notes {
  const all: FieldNote[] = [];
  const seen = new Set<string>();
  return {
    all,
    add(subject, resource, field, reason) {
      const known = fieldSupport(resource, field);
      const support = known?.support === 'unsupported' ? 'unsupported' : 'lossy';
      const text = reason ?? known?.reason ?? 'it is not written to the proxy';
      const name = JSON.stringify([subject, field, text]);
      if (seen.has(name)) return;
      seen.add(name);
      all.push({ subject, field, support, reason: text });
    },
  };
}
