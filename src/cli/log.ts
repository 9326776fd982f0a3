import { pino } from 'pino'
import type { LogRequest } from '../gateway/request-lines.ts'
import type { Routing } from '../routing/routing.ts'
import { spanIds } from '../util/trace.ts'

export interface Logs {
  readonly log: Routing['log']
  /** One line a request; undefined where the level leaves them out. */
  readonly logRequest: LogRequest | undefined
}

/** What a line belongs to, where that is traced. */
function traceIds(): object {
  const ids = spanIds()
  return ids ? { trace_id: ids.traceId, span_id: ids.spanId } : {}
}

/** JSON lines on stderr; stdout is for data. `LOG_LEVEL` as in pino. */
export function createLogs(level: string = process.env['LOG_LEVEL'] ?? 'info'): Logs {
  const logger = pino({ level, mixin: traceIds }, pino.destination({ dest: 2, sync: true }))
  return {
    log: (severity, message, fields = {}) => logger[severity](fields, message),
    logRequest: logger.isLevelEnabled('debug') ? (operation, fields) => logger.debug(fields, operation) : undefined,
  }
}
