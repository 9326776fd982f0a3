import { useCallback, useContext, useEffect, useRef, useState } from 'preact/hooks'
import { type Answer, ask, NoToken } from './ask.ts'
import { isTold, onChange, type Topic } from './changes.ts'
import { Session } from './session.ts'

export interface Asked<T> extends Answer<T> {
  /** Nothing was answered yet. */
  readonly isLoading: boolean
  /** Asks anew, now. */
  readonly again: () => void
}

/** Asked this often, though each answer were another: what is told as changed may change with each request of a client. */
const mostOftenMs = 2_000

/** Asked this seldom where changes are told: ages and the like go on by themselves. */
const toldMs = 30_000

interface Fresh {
  /** How old an answer may be while the page is seen, in milliseconds, where no change is told. */
  readonly everyMs?: number
  /** What the answer depends on. */
  readonly of?: readonly Topic[]
}

/** Between two looks whether it is to be asked. */
const lookMs = 250

const nothing: readonly Topic[] = []

/** An answer that is kept fresh while the page is seen; the last one stays until there is another. */
export function useQuery<T>(
  query: string,
  variables: object = {},
  { everyMs = 3_000, of = nothing }: Fresh = {},
): Asked<T> {
  const [answer, setAnswer] = useState<Answer<T> | null>(null)
  const { leave } = useContext(Session)
  const asked = JSON.stringify(variables)
  const present = useRef('')
  const askedAt = useRef(0)
  const again = useCallback(async () => {
    const own = query + asked
    present.current = own
    askedAt.current = performance.now()
    try {
      const found = await ask<T>(query, JSON.parse(asked))
      // What was asked before, and is answered late, is of another page
      if (present.current === own)
        setAnswer((last) => (found.data === null && last ? { ...last, ...found, data: last.data } : found))
    } catch (error) {
      if (!(error instanceof NoToken)) throw error
      leave()
    }
  }, [query, asked, leave])
  useEffect(() => {
    setAnswer(null)
    void again()
    let isChanged = false
    const forget = onChange(of, () => {
      isChanged = true
    })
    const look = (): void => {
      const age = performance.now() - askedAt.current
      const isDue = isChanged ? age >= mostOftenMs : age >= (of.length > 0 && isTold() ? toldMs : everyMs)
      if (!isDue || document.visibilityState !== 'visible') return
      isChanged = false
      void again()
    }
    const timer = setInterval(look, lookMs)
    return () => {
      clearInterval(timer)
      forget()
    }
  }, [again, everyMs, of])
  return {
    data: answer?.data ?? null,
    errors: answer?.errors ?? [],
    isLoading: answer === null,
    again: () => void again(),
  }
}
