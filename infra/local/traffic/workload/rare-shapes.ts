import { CAMPAIGNS, CUSTOMERS, PRODUCTS } from '../schemas.ts';
import { type Shape, shape, statement } from './work-unit.ts';

/** The row that long transactions hold, so that others meet them. */
const CONTENDED_PRODUCT = 1;

/** Statements that fail, each with the error it brings. */
export const FAILING_SHAPES: readonly [Shape, ...Shape[]] = [
  // 1062: the key is taken
  shape(
    'app_rw',
    'shop',
    (r) =>
      `INSERT INTO customers (id, email, name, city, created_at) VALUES (${r.between(1, CUSTOMERS)}, 'taken@example.com', 'x', 'Oslo', NOW())`,
  ),
  shape(
    'app_rw',
    'crm',
    (r) =>
      `INSERT INTO campaigns (id, name, budget_cents, starts_on) VALUES (${r.between(1, CAMPAIGNS)}, 'taken', 1, NOW())`,
  ),
  // 1146: no such table
  shape('app_ro', 'shop', (r) => `SELECT product_id FROM wishlists WHERE customer_id = ${r.between(1, CUSTOMERS)}`),
  shape('batch', 'analytics', () => 'SELECT COUNT(*) FROM page_views_archive'),
  // 1064: no SQL
  shape('app_ro', 'shop', (r) => `SELECT name FROM products WHERE id = = ${r.between(1, PRODUCTS)}`),
  shape('app_rw', 'crm', () => "UPDATE tickets SETT status = 'done'"),
  // 1054: no such column
  shape('app_ro', 'shop', (r) => `SELECT colour FROM products WHERE id = ${r.between(1, PRODUCTS)}`),
  // 1142: not allowed
  shape('app_ro', 'shop', (r) => `UPDATE products SET stock = 0 WHERE id = ${r.between(1, PRODUCTS)}`),
  // 1205 while a long transaction holds the row
  shape('app_rw', 'shop', () => `SELECT stock FROM products WHERE id = ${CONTENDED_PRODUCT} FOR UPDATE NOWAIT`),
  shape('batch', 'shop', () => `SELECT stock FROM products WHERE id = ${CONTENDED_PRODUCT} FOR UPDATE WAIT 1`),
];

export const SLOW_SHAPES: readonly [Shape, ...Shape[]] = [
  shape('batch', 'analytics', (r) => `SELECT SLEEP(0.${r.between(2, 7)})`),
  shape(
    'batch',
    'shop',
    (r) => `SELECT SLEEP(0.${r.between(1, 4)}), COUNT(*) FROM customers WHERE id = ${r.between(1, CUSTOMERS)}`,
  ),
  shape(
    'app_ro',
    'crm',
    () => 'SELECT COUNT(*) FROM tickets a JOIN tickets b ON a.priority = b.priority WHERE a.id < b.id',
  ),
];

/** Transactions of an application that thinks between its statements. */
export const TRANSACTION_SHAPES: readonly [Shape, ...Shape[]] = [
  {
    user: 'app_rw',
    schema: 'shop',
    build: (r) => {
      const [customer, product] = [r.between(1, CUSTOMERS), r.between(2, PRODUCTS)];
      return [
        statement('BEGIN'),
        statement(`SELECT stock FROM products WHERE id = ${product} FOR UPDATE`),
        statement(`UPDATE products SET stock = stock - 1 WHERE id = ${product}`),
        statement(
          `INSERT INTO orders (customer_id, status, total_cents, created_at) VALUES (${customer}, 'open', ${r.between(100, 9999)}, NOW())`,
        ),
        statement(`DELETE FROM carts WHERE customer_id = ${customer}`),
        statement('COMMIT'),
      ];
    },
  },
  {
    user: 'app_rw',
    schema: 'crm',
    build: (r) => [
      statement('START TRANSACTION'),
      statement(`SELECT id, status FROM tickets WHERE customer_id = ${r.between(1, CUSTOMERS)} LIMIT 1`),
      { kind: 'think', ms: r.between(20, 200) },
      statement('ROLLBACK'),
    ],
  },
];

export const LONG_TRANSACTION_SHAPES: readonly [Shape, ...Shape[]] = [
  {
    user: 'batch',
    schema: 'shop',
    build: (r) => [
      statement('BEGIN'),
      statement(`UPDATE products SET stock = stock + 1 WHERE id = ${CONTENDED_PRODUCT}`),
      { kind: 'think', ms: r.between(2_000, 5_000) },
      statement('COMMIT'),
    ],
  },
  {
    user: 'batch',
    schema: 'analytics',
    build: (r) => [
      statement('START TRANSACTION READ ONLY'),
      statement('SELECT SUM(duration_ms) FROM page_views'),
      { kind: 'think', ms: r.between(1_500, 4_000) },
      statement('SELECT SUM(revenue_cents) FROM daily_sales'),
      statement('COMMIT'),
    ],
  },
];
