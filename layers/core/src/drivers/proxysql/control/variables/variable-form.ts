/** Name without its prefix, default, and the range of a whole number, inclusive. The default's type is the variable's. */
export type VariableForm =
  | readonly [name: string, byDefault: boolean]
  | readonly [name: string, byDefault: string]
  | readonly [name: string, byDefault: number, least: number, most: number];
