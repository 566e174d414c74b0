/** Where large reads of digest tables wait for their turn: their rows take much memory on their way. */
export interface ReadGate {
  /** Waits for a turn to read about so many rows. Rejects when aborted. */
  enter(rows: number, signal: AbortSignal): Promise<Turn>;
}

/** Leave to read a table. */
export interface Turn {
  /** The proxy has answered with so many rows. */
  arrived(rows: number): void;
  /** The read is merged and stored, or given up. */
  leave(): void;
}
