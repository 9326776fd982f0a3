import { useState } from 'preact/hooks'
import { keepToken } from '../token.ts'

interface SignInProps {
  /** Why the last one was not taken. */
  readonly trouble: string | null
  readonly onToken: (token: string) => void
}

export function SignIn({ trouble, onToken }: SignInProps) {
  const [text, setText] = useState('')
  const enter = (event: Event): void => {
    event.preventDefault()
    keepToken(text.trim())
    onToken(text.trim())
    setText('')
  }
  return (
    <main class="sign-in">
      <h1>Crossfade</h1>
      <form onSubmit={enter}>
        <label>
          Token
          <input
            type="password"
            autoComplete="off"
            required
            value={text}
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
        </label>
        <button type="submit">Sign in</button>
      </form>
      <p role="alert">{trouble}</p>
      <p>
        <code>crossfade token make NAME --role qa</code> makes one. It is kept for this tab alone.
      </p>
    </main>
  )
}
