import { CAMPAIGNS, CATEGORIES, CITIES, CUSTOMERS, PRODUCTS } from '../schemas.ts';
import type { Random } from './random.ts';
import { type Shape, shape } from './work-unit.ts';

const customer = (random: Random) => random.between(1, CUSTOMERS);
const product = (random: Random) => random.between(1, PRODUCTS);

/** What the shop does all day, the most frequent first. Tables keep their size: what is inserted is also cleaned up. */
export const EVERYDAY_SHAPES: readonly Shape[] = [
  shape('app_ro', 'shop', (r) => `SELECT id, sku, name, price_cents FROM products WHERE id = ${product(r)}`),
  shape('app_ro', 'shop', (r) => `SELECT name, city, points FROM customers WHERE id = ${customer(r)}`),
  shape(
    'app_ro',
    'shop',
    (r) =>
      `SELECT p.id, p.name, c.quantity, p.price_cents FROM carts c JOIN products p ON p.id = c.product_id WHERE c.customer_id = ${customer(r)}`,
  ),
  shape(
    'app_rw',
    'analytics',
    (r) =>
      `INSERT INTO page_views (customer_id, path, duration_ms, created_at) VALUES (${customer(r)}, '/product/${product(r)}', ${r.between(1, 3000)}, NOW())`,
  ),
  shape(
    'app_rw',
    'shop',
    (r) =>
      `INSERT INTO carts (customer_id, product_id, quantity, updated_at) VALUES (${customer(r)}, ${product(r)}, 1, NOW()) ON DUPLICATE KEY UPDATE quantity = quantity + 1, updated_at = NOW()`,
  ),
  shape(
    'app_ro',
    'shop',
    (r) =>
      `SELECT id, name, price_cents FROM products WHERE category = '${r.pick(CATEGORIES)}' AND stock > 0 ORDER BY name LIMIT 20`,
  ),
  shape('app_rw', 'shop', (r) => `UPDATE products SET stock = stock - 1 WHERE id = ${product(r)} AND stock > 0`),
  shape(
    'app_rw',
    'shop',
    (r) =>
      `INSERT INTO orders (customer_id, status, total_cents, created_at) VALUES (${customer(r)}, 'open', ${r.between(100, 9999)}, NOW())`,
  ),
  shape(
    'app_ro',
    'shop',
    (r) => `SELECT id, status, total_cents FROM orders WHERE customer_id = ${customer(r)} ORDER BY id DESC LIMIT 10`,
  ),
  shape('app_rw', 'shop', (r) => `DELETE FROM carts WHERE customer_id = ${customer(r)} AND product_id = ${product(r)}`),
  shape('app_rw', 'shop', (r) => `UPDATE customers SET points = points + ${r.between(1, 9)} WHERE id = ${customer(r)}`),
  shape(
    'app_ro',
    'crm',
    (r) =>
      `SELECT id, subject, status FROM tickets WHERE customer_id = ${customer(r)} ORDER BY created_at DESC LIMIT 5`,
  ),
  shape(
    'app_rw',
    'crm',
    (r) =>
      `INSERT INTO tickets (customer_id, subject, status, priority, created_at) VALUES (${customer(r)}, 'It''s late \\\\ ${r.between(1, 999)}', 'new', ${r.between(0, 4)}, NOW())`,
  ),
  shape(
    'app_rw',
    'crm',
    (r) => `UPDATE tickets SET status = 'open' WHERE customer_id = ${customer(r)} AND status = 'new' LIMIT 1`,
  ),
  shape('app_ro', 'shop', () => `SELECT status, COUNT(*) FROM orders GROUP BY status`),
  shape('batch', 'shop', () => `UPDATE orders SET status = 'paid' WHERE status = 'open' ORDER BY id LIMIT 20`),
  shape('batch', 'shop', () => `DELETE FROM orders WHERE created_at < NOW() - INTERVAL 5 MINUTE LIMIT 500`),
  shape('batch', 'analytics', () => `DELETE FROM page_views WHERE created_at < NOW() - INTERVAL 5 MINUTE LIMIT 500`),
  shape('batch', 'crm', () => `DELETE FROM tickets WHERE created_at < NOW() - INTERVAL 5 MINUTE LIMIT 500`),
  shape('batch', 'shop', () => `UPDATE products SET stock = 1000 WHERE stock < 100`),
  shape(
    'batch',
    'analytics',
    (r) =>
      `INSERT INTO daily_sales (day, category, orders, revenue_cents) VALUES (CURRENT_DATE, '${r.pick(CATEGORIES)}', 1, ${r.between(100, 9999)}) ON DUPLICATE KEY UPDATE orders = orders + 1, revenue_cents = revenue_cents + VALUES(revenue_cents)`,
  ),
  shape(
    'app_rw',
    'analytics',
    (r) =>
      `INSERT INTO page_views (customer_id, path, duration_ms, created_at) VALUES (${customer(r)}, '/', 1, NOW()), (${customer(r)}, '/cart', 2, NOW()), (${customer(r)}, '/checkout', 3, NOW())`,
  ),
  shape(
    'app_ro',
    'shop',
    (r) =>
      `SELECT /* checkout */ SUM(c.quantity * p.price_cents) FROM carts c JOIN products p ON p.id = c.product_id WHERE c.customer_id = ${customer(r)}`,
  ),
  shape(
    'app_ro',
    'shop',
    (r) =>
      `SELECT id FROM customers WHERE name = 'Zoë O''Brien 🐬 ${r.between(1, 99)}' OR email = "customer${customer(r)}@example.com"`,
  ),
  shape(
    'app_ro',
    'shop',
    (r) =>
      `SELECT city, COUNT(*), AVG(points) FROM customers WHERE city IN ('${r.pick(CITIES)}', '${r.pick(CITIES)}') GROUP BY city`,
  ),
  shape(
    'app_ro',
    'shop',
    (r) => `SELECT id, name FROM products WHERE id IN (${Array.from({ length: 8 }, () => product(r)).join(', ')})`,
  ),
  shape('app_ro', 'crm', (r) => `SELECT name, budget_cents FROM campaigns WHERE id = ${r.between(1, CAMPAIGNS)}`),
  shape(
    'app_rw',
    'crm',
    (r) =>
      `UPDATE campaigns SET budget_cents = budget_cents - ${r.between(1, 50)} WHERE id = ${r.between(1, CAMPAIGNS)}`,
  ),
  shape(
    'app_ro',
    'analytics',
    () => `SELECT path, COUNT(*) AS views FROM page_views GROUP BY path ORDER BY views DESC LIMIT 10`,
  ),
  shape(
    'batch',
    'analytics',
    () => `SELECT category, SUM(orders), SUM(revenue_cents) FROM daily_sales GROUP BY category WITH ROLLUP`,
  ),
  shape(
    'batch',
    'shop',
    (r) =>
      `SELECT c.city, SUM(o.total_cents) FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.city = '${r.pick(CITIES)}' GROUP BY c.city`,
  ),
  shape('app_ro', 'shop', () => 'SELECT 1'),
];
