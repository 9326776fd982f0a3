import type { PostgresKind } from './postgres-kind.ts'

export const floatKind: PostgresKind<number, number> = {
  type: 'double precision',
  cast: 'double precision',
  among: { without: ['NaN', 'Infinity', '-Infinity'] },
  decode: (raw) => raw,
  encode: (value) => value,
}
