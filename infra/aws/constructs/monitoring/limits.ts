/** Where alarms begin; the dashboard draws the same lines. */

/** `dispatch` gives up sending 54 s after the tick; this is when it comes near. */
export const LAG_MS = 45_000;
/** API Gateway gives up after 29 s. */
export const API_LATENCY_MS = 10_000;
export const DCDB_CAPACITY_PERCENT = 95;

export const collectsAtOnce = (concurrency: number): number => Math.ceil(0.9 * concurrency);
export const redisBytes = (maxStorageGb: number): number => 0.8 * maxStorageGb * 1e9;
/** Autoscaling keeps the mean at `seriesPerTask`; well above it, it is at its end. */
export const crowdedSeries = (seriesPerTask: number): number => 1.2 * seriesPerTask;
