import { pino } from 'pino'
import type { Routing } from '../routing/routing.ts'
import { spanIds } from '../util/trace.ts'

/** What a line belongs to, where that is traced. */
function traceIds(): object {
  const ids = spanIds()
  return ids ? { trace_id: ids.traceId, span_id: ids.spanId } : {}
}

/** JSON lines on stderr; stdout is for data. `LOG_LEVEL` as in pino. */
export function createLog(level: string = process.env['LOG_LEVEL'] ?? 'info'): Routing['log'] {
  const logger = pino({ level, mixin: traceIds }, pino.destination({ dest: 2, sync: true }))
  return (severity, message, fields = {}) => logger[severity](fields, message)
}
