import type { Schema } from './backend-users.ts';

export const CUSTOMERS = 500;
export const PRODUCTS = 200;
export const CAMPAIGNS = 20;
export const CATEGORIES = ['books', 'garden', 'games', 'music', 'sport', 'tools', 'toys', 'wine'] as const;
export const CITIES = ['Berlin', 'Chengdu', 'Lyon', 'Oslo', 'Porto', 'Quito', 'Tōkyō', 'Zürich'] as const;

export interface Table {
  readonly schema: Schema;
  readonly name: string;
  /** Definitions of columns and keys. */
  readonly definition: string;
  /** Columns that a report may select and sort by. */
  readonly columns: readonly string[];
  /** Query for the initial rows, over `seq`, a table of the numbers from 1. */
  readonly rows: string;
}

const pick = (values: readonly string[], number: string) =>
  `ELT(1 + ${number} % ${values.length}, ${values.map((value) => `'${value}'`).join(', ')})`;

/** A shop, its customer service and its reporting. */
export const TABLES: readonly Table[] = [
  {
    schema: 'shop',
    name: 'customers',
    definition: `id INT NOT NULL PRIMARY KEY, email VARCHAR(100) NOT NULL UNIQUE, name VARCHAR(100) NOT NULL,
      city VARCHAR(40) NOT NULL, points INT NOT NULL DEFAULT 0, created_at DATETIME NOT NULL, KEY (city)`,
    columns: ['id', 'email', 'name', 'city', 'points', 'created_at'],
    rows: `SELECT seq, CONCAT('customer', seq, '@example.com'), CONCAT('Customer ', seq), ${pick(CITIES, 'seq')},
      seq * 7 % 1000, '2026-01-01' + INTERVAL seq HOUR FROM seq WHERE seq <= ${CUSTOMERS}`,
  },
  {
    schema: 'shop',
    name: 'products',
    definition: `id INT NOT NULL PRIMARY KEY, sku CHAR(8) NOT NULL UNIQUE, name VARCHAR(100) NOT NULL,
      category VARCHAR(20) NOT NULL, price_cents INT NOT NULL, stock INT NOT NULL, KEY (category)`,
    columns: ['id', 'sku', 'name', 'category', 'price_cents', 'stock'],
    rows: `SELECT seq, CONCAT('SKU', LPAD(seq, 5, '0')), CONCAT('Product ', seq), ${pick(CATEGORIES, 'seq')},
      100 + seq * 37 % 9000, 1000 FROM seq WHERE seq <= ${PRODUCTS}`,
  },
  {
    schema: 'shop',
    name: 'orders',
    definition: `id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, customer_id INT NOT NULL, status VARCHAR(10) NOT NULL,
      total_cents INT NOT NULL, created_at DATETIME NOT NULL, KEY (customer_id), KEY (status), KEY (created_at)`,
    columns: ['id', 'customer_id', 'status', 'total_cents', 'created_at'],
    rows: `SELECT NULL, 1 + seq * 13 % ${CUSTOMERS}, ${pick(['open', 'paid', 'sent'], 'seq')}, seq * 11 % 5000, NOW() FROM seq`,
  },
  {
    schema: 'shop',
    name: 'carts',
    definition: `customer_id INT NOT NULL, product_id INT NOT NULL, quantity INT NOT NULL, updated_at DATETIME NOT NULL,
      PRIMARY KEY (customer_id, product_id)`,
    columns: ['customer_id', 'product_id', 'quantity', 'updated_at'],
    rows: `SELECT seq % ${CUSTOMERS} + 1, seq % ${PRODUCTS} + 1, 1, NOW() FROM seq WHERE seq <= 400`,
  },
  {
    schema: 'crm',
    name: 'tickets',
    definition: `id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, customer_id INT NOT NULL, subject VARCHAR(100) NOT NULL,
      status VARCHAR(10) NOT NULL, priority INT NOT NULL, created_at DATETIME NOT NULL, KEY (customer_id), KEY (created_at)`,
    columns: ['id', 'customer_id', 'subject', 'status', 'priority', 'created_at'],
    rows: `SELECT NULL, 1 + seq % ${CUSTOMERS}, CONCAT('Question ', seq), ${pick(['new', 'open', 'done'], 'seq')}, seq % 5, NOW() FROM seq`,
  },
  {
    schema: 'crm',
    name: 'campaigns',
    definition: `id INT NOT NULL PRIMARY KEY, name VARCHAR(60) NOT NULL UNIQUE, budget_cents INT NOT NULL, starts_on DATE NOT NULL`,
    columns: ['id', 'name', 'budget_cents', 'starts_on'],
    rows: `SELECT seq, CONCAT('Campaign ', seq), seq * 100000, '2026-01-01' + INTERVAL seq DAY FROM seq WHERE seq <= ${CAMPAIGNS}`,
  },
  {
    schema: 'analytics',
    name: 'page_views',
    definition: `id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, customer_id INT NOT NULL, path VARCHAR(100) NOT NULL,
      duration_ms INT NOT NULL, created_at DATETIME NOT NULL, KEY (created_at)`,
    columns: ['id', 'customer_id', 'path', 'duration_ms', 'created_at'],
    rows: `SELECT NULL, 1 + seq % ${CUSTOMERS}, CONCAT('/product/', seq % ${PRODUCTS}), seq * 17 % 3000, NOW() FROM seq`,
  },
  {
    schema: 'analytics',
    name: 'daily_sales',
    definition: `day DATE NOT NULL, category VARCHAR(20) NOT NULL, orders INT NOT NULL, revenue_cents BIGINT NOT NULL,
      PRIMARY KEY (day, category)`,
    columns: ['day', 'category', 'orders', 'revenue_cents'],
    rows: `SELECT '2026-01-01' + INTERVAL seq DAY, ${pick(CATEGORIES, 'seq')}, seq % 50, seq * 1000 FROM seq WHERE seq <= 365`,
  },
];
