import type { ComponentChildren } from 'preact'
import { useContext, useState } from 'preact/hooks'
import { type Answer, ask, NoToken, type Trouble } from '../ask.ts'
import { Session } from '../session.ts'
import { Troubles } from './told.tsx'

interface Acting {
  /** What it is about to do; nothing where it need not be asked. */
  readonly sure?: string
}

/** Sends changes, one at a time, and keeps what came of the last one. */
export function useAct(onDone: (answer: Answer<unknown>) => void) {
  const { leave } = useContext(Session)
  const [isBusy, setBusy] = useState(false)
  const [errors, setErrors] = useState<readonly Trouble[]>([])
  /** @returns whether it was done. */
  async function act(mutation: string, variables: object, { sure }: Acting = {}): Promise<boolean> {
    if (isBusy || (sure !== undefined && !confirm(sure))) return false
    setBusy(true)
    try {
      const answer = await ask(mutation, variables)
      setErrors(answer.errors)
      if (answer.errors.length > 0) return false
      onDone(answer)
      return true
    } catch (error) {
      if (!(error instanceof NoToken)) throw error
      leave()
      return false
    } finally {
      setBusy(false)
    }
  }
  return { act, isBusy, errors }
}

interface FormProps {
  readonly title: string
  readonly isBusy: boolean
  readonly errors?: readonly Trouble[]
  /** Resolves to whether it was done. */
  readonly onSubmit: (values: Readonly<Record<string, string>>) => Promise<boolean>
  readonly children: ComponentChildren
}

/** What somebody fills in, by the names of its fields; emptied once it was taken. */
export function ActForm({ title, isBusy, errors = [], onSubmit, children }: FormProps) {
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    const values = [...new FormData(form)].map(([name, value]) => [name, String(value)] as const)
    if (await onSubmit(Object.fromEntries(values))) form.reset()
  }
  return (
    <form class="act" onSubmit={submit}>
      {children}
      <button type="submit" disabled={isBusy}>
        {title}
      </button>
      <Troubles errors={errors} />
    </form>
  )
}
