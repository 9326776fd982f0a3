import type { ComponentChildren } from 'preact'
import type { Trouble } from '../ask.ts'

/** What went wrong in a part of an answer; the rest of it is shown. */
export function Troubles({ errors }: { readonly errors: readonly Trouble[] }) {
  const messages = [...new Set(errors.map(({ message }) => message))]
  if (messages.length === 0) return null
  return (
    <div role="alert" class="trouble">
      {messages.map((message) => (
        <p key={message}>{message}</p>
      ))}
    </div>
  )
}

interface ToldProps<T> {
  readonly answer: { readonly data: T | null; readonly errors: readonly Trouble[]; readonly isLoading: boolean }
  readonly children: (data: T) => ComponentChildren
}

/** What was answered, what could not be, and that it is being asked. */
export function Told<T>({ answer: { data, errors, isLoading }, children }: ToldProps<T>) {
  return (
    <>
      <Troubles errors={errors} />
      {isLoading && <p class="quiet">Asking …</p>}
      {data && children(data)}
    </>
  )
}
