import { useEffect, useState } from 'preact/hooks'

/** A place in the page, as the address has it behind `#`: `/mismatches/3fa9?type=Movie`. */
export interface Route {
  readonly path: readonly string[]
  readonly query: URLSearchParams
}

/** A part of an address that somebody has typed may be none. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

function present(): Route {
  const [path = '', query] = location.hash.slice(1).split('?', 2)
  return { path: path.split('/').filter(Boolean).map(decoded), query: new URLSearchParams(query) }
}

export function useRoute(): Route {
  const [route, setRoute] = useState(present)
  useEffect(() => {
    const changed = (): void => setRoute(present())
    addEventListener('hashchange', changed)
    return () => removeEventListener('hashchange', changed)
  }, [])
  return route
}

export const linkTo = (...path: readonly string[]): string => `#/${path.map(encodeURIComponent).join('/')}`

/** Keeps a choice in the address, so that it can be sent to somebody; an empty one is left out. */
export function choose(change: Readonly<Record<string, string>>): void {
  const { path, query } = present()
  for (const [name, value] of Object.entries(change)) {
    if (value === '') query.delete(name)
    else query.set(name, value)
  }
  const text = query.toString()
  location.hash = linkTo(...path).slice(1) + (text ? `?${text}` : '')
}
