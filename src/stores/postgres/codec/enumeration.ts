import type { PostgresKind } from './postgres-kind.ts'
import { textKind } from './text.ts'

/** Text and no type of Postgres's own: its values are ordered as in Mongo, and a new one takes but another check. */
export const enumKind: PostgresKind<string, string> = textKind
