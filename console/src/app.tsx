import { useCallback, useEffect, useState } from 'preact/hooks'
import { ask, NoToken } from './ask.ts'
import { startChanges } from './changes.ts'
import { Changes } from './pages/changes.tsx'
import { Issues } from './pages/issues.tsx'
import { Jobs } from './pages/jobs.tsx'
import { Mismatch } from './pages/mismatch.tsx'
import { Mismatches } from './pages/mismatches.tsx'
import { Outbox } from './pages/outbox.tsx'
import { Records } from './pages/records.tsx'
import { SignIn } from './pages/sign-in.tsx'
import { Type } from './pages/type.tsx'
import { Types } from './pages/types.tsx'
import { Silent } from './parts/silent.tsx'
import { linkTo, type Route, useRoute } from './route.ts'
import { Session, type Who } from './session.ts'
import { dropToken, readToken } from './token.ts'

const pages = [
  ['types', 'Types'],
  ['mismatches', 'Mismatches'],
  ['records', 'Records'],
  ['outbox', 'Outbox'],
  ['jobs', 'Jobs'],
  ['issues', 'Data issues'],
  ['history', 'History'],
] as const

function Page({ path: [page = 'types', name], query }: Route) {
  if (page === 'types') return name ? <Type key={name} name={name} isOpen={query.has('gates')} /> : <Types />
  if (page === 'mismatches') return name ? <Mismatch key={name} name={name} /> : <Mismatches query={query} />
  if (page === 'records') return <Records query={query} />
  if (page === 'outbox') return <Outbox />
  if (page === 'jobs') return <Jobs />
  if (page === 'issues') return <Issues />
  if (page === 'history') return <Changes query={query} />
  return (
    <p>
      There is no such page. <a href={linkTo('types')}>See the types.</a>
    </p>
  )
}

function Header({ page, who, leave }: { readonly page: string; readonly who: Who; readonly leave: () => void }) {
  return (
    <header>
      <button type="button" class="skip" onClick={() => document.getElementById('main')?.focus()}>
        To the content
      </button>
      <strong>Crossfade</strong>
      <nav aria-label="Pages">
        {pages.map(([name, title]) => (
          <a key={name} href={linkTo(name)} aria-current={page === name ? 'page' : undefined}>
            {title}
          </a>
        ))}
      </nav>
      <span class="who">
        {who.name} ({who.role}){' '}
        <button type="button" onClick={leave}>
          Sign out
        </button>
      </span>
    </header>
  )
}

/** The whole page: without a good token it asks for one. */
export function App() {
  const [token, setToken] = useState(readToken) // takes it from the address, before that is read for the page
  const route = useRoute()
  const [who, setWho] = useState<Who | null>(null)
  const [trouble, setTrouble] = useState<string | null>(null)
  const leave = useCallback(() => {
    dropToken()
    setToken(null)
    setWho(null)
  }, [])
  useEffect(() => {
    ask<{ me: Who }>('{ me { name role } }').then(
      ({ data, errors }) => {
        setWho(data?.me ?? null)
        setTrouble(data ? null : (errors[0]?.message ?? null))
      },
      (error) => {
        if (!(error instanceof NoToken)) throw error
        leave()
        setTrouble(token === null ? null : 'That token is not known here, or no longer good.')
      },
    )
  }, [token, leave])
  const isIn = who !== null
  useEffect(() => (isIn ? startChanges() : undefined), [isIn])
  if (who === null) return <SignIn trouble={trouble} onToken={setToken} />
  return (
    <Session.Provider value={{ ...who, leave }}>
      <Header page={route.path[0] ?? 'types'} who={who} leave={leave} />
      <Silent />
      <main id="main" tabIndex={-1}>
        <Page {...route} />
      </main>
    </Session.Provider>
  )
}
