import { useCallback, useContext, useEffect, useRef, useState } from 'preact/hooks'
import { type Answer, ask, NoToken } from './ask.ts'
import { Session } from './session.ts'

export interface Asked<T> extends Answer<T> {
  /** Nothing was answered yet. */
  readonly isLoading: boolean
  /** Asks anew, now. */
  readonly again: () => void
}

/** An answer that is kept as new as so many milliseconds while the page is seen; the last one stays until there is another. */
export function useQuery<T>(query: string, variables: object = {}, everyMs = 3_000): Asked<T> {
  const [answer, setAnswer] = useState<Answer<T> | null>(null)
  const { leave } = useContext(Session)
  const asked = JSON.stringify(variables)
  const present = useRef('')
  const again = useCallback(async () => {
    const own = query + asked
    present.current = own
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
    const timer = setInterval(() => document.visibilityState === 'visible' && void again(), everyMs)
    return () => clearInterval(timer)
  }, [again, everyMs])
  return {
    data: answer?.data ?? null,
    errors: answer?.errors ?? [],
    isLoading: answer === null,
    again: () => void again(),
  }
}
