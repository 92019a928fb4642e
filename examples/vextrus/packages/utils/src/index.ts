/**
 * What a service needs to be watched and to withstand: logs, correlation, metrics, retries and time limits.
 *
 * @packageDocumentation
 */
export {
  type Correlation,
  correlationHeaders,
  currentCorrelation,
  newCorrelation,
  readCorrelation,
  withCorrelation,
} from "./correlation.ts";
export { createLogger, type LogFields, type Logger, type LoggerOptions, type LogLevel } from "./logger.ts";
export {
  type Counter,
  createMetrics,
  type Gauge,
  type Histogram,
  type HistogramOptions,
  type Labels,
  type MetricOptions,
  type Metrics,
} from "./metrics.ts";
export {
  delayAfter,
  isRetryableError,
  retry,
  type RetryOptions,
  type RetryPolicy,
  sleepFor,
  withTimeout,
} from "./retry.ts";
