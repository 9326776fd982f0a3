import { InvalidArgumentError, Option } from 'commander'

/** Of a request, by name. */
export type Headers = Readonly<Record<string, string>>

/** Adds `name: value`. @throws InvalidArgumentError for what is no header. */
function withHeader(text: string, known: Headers): Headers {
  const [, name, value] = /^([\w-]+):\s*(\S.*)$/.exec(text) ?? []
  if (!name || !value) throw new InvalidArgumentError("It must be as 'authorization: Bearer …'.")
  return { ...known, [name]: value }
}

/** Who asks, as a client says it. @param what it is sent with. */
export const headerOption = (what: string): Option =>
  new Option('--header <header>', `sent with ${what}, as 'authorization: Bearer …'; may be repeated`)
    .argParser(withHeader)
    .default({}, 'none')
