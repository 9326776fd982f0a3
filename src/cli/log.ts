import { pino } from 'pino'
import type { Routing } from '../routing/routing.ts'

/** JSON lines on stderr; stdout is for data. `LOG_LEVEL` as in pino. */
export function createLog(level: string = process.env['LOG_LEVEL'] ?? 'info'): Routing['log'] {
  const logger = pino({ level }, pino.destination({ dest: 2, sync: true }))
  return (severity, message, fields = {}) => logger[severity](fields, message)
}
