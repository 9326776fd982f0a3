import { useState } from 'preact/hooks'
import type { Trouble } from '../ask.ts'
import { useAct } from './act.tsx'

const kill = 'mutation ($type: String!, $on: Boolean!) { kill(type: $type, on: $on) { untold } }'

interface KillAnswer {
  readonly kill: { readonly untold: readonly string[] }
}

export interface Killing {
  /** Asks before. @param type a type, its group, or `all`. */
  readonly set: (type: string, on: boolean) => void
  readonly isBusy: boolean
  /** What went wrong, and who could not be told. */
  readonly errors: readonly Trouble[]
}

/** The kill switch. */
export function useKill(onDone: () => void): Killing {
  const [untold, setUntold] = useState<readonly string[]>([])
  const { act, isBusy, errors } = useAct(({ data }) => {
    setUntold((data as KillAnswer | null)?.kill.untold ?? [])
    onDone()
  })
  const set = (type: string, on: boolean): void => {
    const what = type === 'all' ? 'all types' : type
    const sure = on
      ? `Reads of ${what} answer from the store with authority, nothing is compared, and no reply waits for the mirror. Kill ${what}?`
      : `The flags rule again of ${what}. Go on?`
    void act(kill, { type, on }, { sure })
  }
  return { set, isBusy, errors: [...errors, ...untold.map((who) => ({ message: `Not told: ${who}` }))] }
}

interface KillButtonProps {
  readonly type: string
  /** By which names; empty where it is not. */
  readonly killedAs: readonly string[]
  readonly killing: Killing
}

/** Of one type; nothing where all are killed, which is taken back for all. */
export function KillButton({ type, killedAs, killing: { set, isBusy } }: KillButtonProps) {
  if (killedAs.includes('all')) return <>–</>
  const [as] = killedAs
  return (
    <button type="button" disabled={isBusy} onClick={() => set(as ?? type, as === undefined)}>
      {as === undefined ? 'Kill' : `Let the flag rule${as === type ? '' : ` of ${as}`}`}
    </button>
  )
}
