interface Token {
  kind: 'word' | 'string' | 'mark'
  text: string
}

const BLANK = /(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/y
const HASHBANG = /^#![^\n]*/
const WORD = /[\p{ID_Continue}$#]+/uy
const QUOTED = /'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/y
const REGEX = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y
const TEMPLATE = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(`|\$\{)/y
const MARK = /\.\.\.|./suy
// A slash divides after a value. These words aren't one, so after them it starts a regular expression.
const NO_VALUE = new Set('return typeof case in of do else delete void throw await yield instanceof'.split(' '))
const END_OF_VALUE = new Set([')', ']', '}', '`'])

/**
 * The specifiers that a TypeScript source imports, in order: static, type-only and side-effect imports, re-exports,
 * `import('…')` as a call or a type, `require('…')`. Comments, and strings that look like imports, don't count; an
 * import of a computed name can't be known.
 * Written by hand: TypeScript 7 has no JS API, and scanners of stripped sources lose the type-only imports.
 * Throws where it can't read the source, because a source skipped in silence would pass every rule.
 */
export function importsOf(source: string): string[] {
  const tokens = tokenize(source)
  const found: (string | undefined)[] = []
  const string = (place: number) => (tokens[place]?.kind === 'string' ? tokens[place].text : undefined)
  const code = (place: number) => (tokens[place]?.kind === 'string' ? undefined : tokens[place]?.text)

  for (const place of tokens.keys()) {
    const word = code(place)
    if (code(place - 1) === '.') continue
    if ((word === 'import' || word === 'require') && code(place + 1) === '(') found.push(string(place + 2))
    else if (word === 'import') found.push(string(place + 1) ?? behindClause(place + 1))
    else if (word === 'export') {
      const start = code(place + 1) === 'type' ? place + 2 : place + 1
      if (code(start) === '*' || code(start) === '{') found.push(behindClause(start))
    }
  }
  return found.filter((specifier) => specifier !== undefined)

  /** The string after `from`, if an import or export clause starts here and ends with one. */
  function behindClause(start: number): string | undefined {
    let inBraces = false
    for (let place = start; place < tokens.length; place++) {
      const text = code(place)
      if (!inBraces && text === 'from' && string(place + 1) !== undefined) return string(place + 1)
      if (text === '{') inBraces = true
      if (text === '}') return code(place + 1) === 'from' ? string(place + 2) : undefined
      if (tokens[place]?.kind === 'mark' && !['{', ',', '*'].includes(text ?? '')) return undefined
    }
    return undefined
  }
}

function tokenize(source: string): Token[] {
  const tokens: Token[] = []
  // What each open brace is closed to: code, or the rest of a template.
  const open: ('code' | 'template')[] = []
  let place = HASHBANG.exec(source)?.[0].length ?? 0

  while (place < source.length) {
    if (take(BLANK) !== undefined) continue
    const quoted = take(QUOTED)
    if (quoted !== undefined) tokens.push({ kind: 'string', text: quoted.slice(1, -1) })
    else if (startsRegex(tokens) && take(REGEX) !== undefined) tokens.push({ kind: 'mark', text: '`' })
    else punctuate(take(WORD))
  }
  if (open.length > 0) fail()
  return tokens

  function punctuate(word: string | undefined): void {
    if (word !== undefined) {
      tokens.push({ kind: 'word', text: word })
      return
    }
    const mark = take(MARK) ?? fail()
    if (mark === "'" || mark === '"') fail()
    if (mark === '{') open.push('code')
    if (mark === '`') template(true)
    else if (mark === '}' && (open.pop() ?? fail()) === 'template') template(false)
    else tokens.push({ kind: 'mark', text: mark })
  }

  /** Reads template text. Without `${}` it is a string; otherwise marks stand around each piece of code. */
  function template(first: boolean): void {
    const text = take(TEMPLATE) ?? fail()
    if (text.endsWith('${')) {
      open.push('template')
      tokens.push({ kind: 'mark', text: '${' })
    } else tokens.push(first ? { kind: 'string', text: text.slice(0, -1) } : { kind: 'mark', text: '`' })
  }

  function take(pattern: RegExp): string | undefined {
    pattern.lastIndex = place
    const text = pattern.exec(source)?.[0]
    place += text?.length ?? 0
    return text
  }

  function fail(): never {
    throw new SyntaxError(`can't be scanned at line ${source.slice(0, place).split('\n').length}`)
  }
}

function startsRegex(tokens: Token[]): boolean {
  const last = tokens.at(-1)
  if (last?.kind === 'word') return NO_VALUE.has(last.text) && tokens.at(-2)?.text !== '.'
  return last?.kind !== 'string' && !END_OF_VALUE.has(last?.text ?? '')
}
