import type { Json } from '../util/json.ts'

/** What people wait to hear of. */
export type NoticeEvent =
  | 'mismatch.new'
  | 'dead-letter.new'
  | 'gate.lost'
  | 'type.killed'
  | 'type.released'
  | 'move.failed'

export interface Notice {
  readonly event: NoticeEvent
  /** Or the key of a flag. */
  readonly type: string
  /** One sentence. */
  readonly text: string
  /** What it is about, for programs: names, ids and reasons, no value of a record. */
  readonly facts: Readonly<Record<string, Json>>
}

/** Takes what is to be told elsewhere. Never throws, and never waits. */
export interface Notices {
  send(notice: Notice): void
}
