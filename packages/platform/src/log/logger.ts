/** The log: one JSON object a line on standard error, with the service and, inside a scope, its trace and operation. */
import { type Logger as PinoLogger, pino } from "pino";
import { currentScope } from "./log-scope.js";

export type Logger = PinoLogger;
export const logLevels = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

export interface LoggerOptions {
  service: string;
  level: LogLevel;
  /** Default: standard error, written at once, so that a line survives the death of the process. */
  destination?: { write(line: string): void };
}

export function createLogger(options: LoggerOptions): Logger {
  return pino(
    {
      level: options.level,
      base: { service: options.service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: ["authorization", "token", "*.authorization", "*.token"], censor: "(hidden)" },
      mixin() {
        const { trace, operation } = currentScope();
        return {
          ...(trace === undefined ? {} : { trace_id: trace.traceId, span_id: trace.spanId }),
          ...(operation === undefined ? {} : { operation }),
        };
      },
    },
    options.destination ?? pino.destination({ dest: 2, sync: true }),
  );
}
