import mysql from 'mysql2/promise';

export interface Peer {
  readonly host: string;
  readonly port: number;
}

export type PeerRow = readonly (string | null)[];

/** One admin connection to another node. */
export interface PeerConnection {
  rows(sql: string): Promise<readonly PeerRow[]>;
  close(): void;
}

export type ConnectPeer = (
  peer: Peer,
  credentials: { readonly user: string; readonly password: string },
) => Promise<PeerConnection>;

const TIMEOUT_MS = 2000;

export const connectPeer: ConnectPeer = async ({ host, port }, { user, password }) => {
  const connection = await mysql.createConnection({ host, port, user, password, connectTimeout: TIMEOUT_MS });
  // A lost connection shows at the next query.
  connection.on('error', () => undefined);
  return {
    async rows(sql) {
      const [rows] = await connection.query<mysql.RowDataPacket[][]>({
        sql,
        timeout: TIMEOUT_MS,
        rowsAsArray: true,
        // Columns say charset 33, which mysql2 takes for CESU-8; they hold UTF-8.
        typeCast: (field) => field.buffer()?.toString('utf8') ?? null,
      });
      return rows as unknown as PeerRow[];
    },
    close: () => connection.destroy(),
  };
};
