import pg from 'pg'
import { CrossfadeError, messageOf } from '../../util/errors.ts'
import { checkUri, hostsOf, withoutSecrets } from '../../util/store-uri.ts'
import { parseTimestamp } from './codec/timestamp.ts'

type Parser = (text: string) => unknown
type Format = 'text' | 'binary'

const driverParser = (oid: number, format?: Format): Parser => pg.types.getTypeParser(oid, format)
const timestamptz = 1184
const arrays = { text: 1009, timestamptz: 1185, numeric: 1231 } // the OIDs of built-in types are fixed

function parserOf(oid: number, format?: Format): Parser {
  const parser = driverParser(oid, format)
  if (oid === timestamptz) return parseTimestamp
  if (oid === arrays.numeric) return driverParser(arrays.text) // the driver makes them doubles
  if (oid !== arrays.timestamptz) return parser
  const texts: (text: string) => (string | null)[] = pg.types.getTypeParser(arrays.text)
  return (text) => texts(text).map((each) => (each === null ? null : parseTimestamp(each)))
}

/**
 * How every connection to an address is made: the driver's own reading of it, and values as we take them.
 *
 * @param waitMs what a call waits for a connection.
 * @throws MISCONFIGURED with the driver's reason, without the password.
 */
export function clientConfig(uri: string, waitMs: number): pg.ClientConfig {
  const config: pg.ClientConfig = {
    connectionString: uri,
    connectionTimeoutMillis: waitMs,
    types: { getTypeParser: parserOf },
    keepAlive: true,
    fallback_application_name: 'crossfade',
  }
  checkUri('DATABASE_URL', uri)
  try {
    new pg.Client(config) // connects nowhere yet
  } catch (error) {
    const several = hostsOf(uri).includes(',')
      ? ' The driver takes one host; a proxy or a name may stand for several.'
      : ''
    throw new CrossfadeError('MISCONFIGURED', `DATABASE_URL: ${withoutSecrets(messageOf(error), uri)}.${several}`)
  }
  return config
}
