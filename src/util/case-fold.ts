/** Upper-case, lower-case and title-case partners that the case mappings of one code point lead to. */
function partners(char: string): string[] {
  const lower = char.toLowerCase()
  const upper = char.toUpperCase()
  return [lower, upper, upper.toLowerCase(), lower.toUpperCase()].filter((other) => [...other].length === 1)
}

let classes: Map<string, readonly string[]> | undefined

/**
 * Unicode simple case folding (CaseFolding.txt, status C and S) as classes of equal characters. JavaScript exposes
 * the folding only through the `iu` flags, so candidates come from the case mappings and the flags decide.
 */
function foldingClasses(): Map<string, readonly string[]> {
  const found = new Map<string, Set<string>>()
  for (let code = 0x41; code <= 0x1e943; code++) {
    if (code === 0x3400) code = 0xa640 // ideographs and Yi have no case
    if (code === 0xac00) code = 0xfb00 // nor have Hangul, surrogates and the private area
    const char = String.fromCodePoint(code)
    for (const other of partners(char)) {
      if (other === char || !new RegExp(`^\\u{${other.codePointAt(0)?.toString(16)}}$`, 'iu').test(char)) continue
      const union = new Set([char, other, ...(found.get(char) ?? []), ...(found.get(other) ?? [])])
      for (const member of union) found.set(member, union)
    }
  }
  return new Map([...found].map(([char, members]) => [char, [...members].sort()]))
}

/**
 * A regular expression that matches `text` literally, without regard to case, in PCRE and in Postgres's ARE alike:
 * each character becomes the class of its simple foldings. Neither store's own `i` flag is used, since PCRE and
 * Postgres fold differently.
 */
export function foldPattern(text: string): string {
  classes ??= foldingClasses()
  let pattern = ''
  for (const char of text) {
    const members = classes.get(char)
    if (members) pattern += `[${members.join('')}]`
    else pattern += /[\p{L}\p{N}\p{M}\s]/u.test(char) || char > '\u007f' ? char : `\\${char}`
  }
  return pattern
}
