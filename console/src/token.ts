const key = 'crossfade-token'

/**
 * The secret of who looks, kept for this tab alone. A link may bring it behind `#token=`, which no server is sent; it goes
 * from the address at once.
 */
export function readToken(): string | null {
  const brought = /^#token=(\S+)$/.exec(location.hash)?.[1]
  if (brought) {
    keepToken(brought)
    history.replaceState(null, '', location.pathname)
  }
  return sessionStorage.getItem(key)
}

export const keepToken = (token: string): void => sessionStorage.setItem(key, token)

export const dropToken = (): void => sessionStorage.removeItem(key)
