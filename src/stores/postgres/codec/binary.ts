import type { PostgresKind } from './postgres-kind.ts'

export const binaryKind: PostgresKind<string, Buffer> = {
  type: 'bytea',
  cast: 'bytea',
  decode: (raw) => raw.toString('base64'),
  fromText: (text) => Buffer.from(text.slice(2), 'hex').toString('base64'),
  encode: (value) => `\\x${Buffer.from(value, 'base64').toString('hex')}`,
}
