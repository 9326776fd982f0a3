/** Signs that a terminal would obey, or that show a text otherwise than it is: told by their number. */
export const plain = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (sign) => `\\u${sign.codePointAt(0)!.toString(16).padStart(4, '0')}`)

/** At most so many signs; what is cut ends with an ellipsis. */
export function cut(text: string, most: number): string {
  const signs = [...text]
  return signs.length <= most ? text : `${signs.slice(0, most - 1).join('')}…`
}

/** Lines of at most so many signs, broken between words; a word that is longer is cut. */
export function wrapped(text: string, most: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + word.length < most) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(cut(word, most))
  }
  return lines
}

export const percent = (count: number, of: number): string => {
  if (of === 0 || count === 0) return '0 %'
  const share = (count / of) * 100
  if (share > 99.9 && count < of) return '>99.9 %'
  return share < 0.1 ? '<0.1 %' : `${Number(share.toFixed(1))} %`
}

const units = ['bytes', 'KB', 'MB', 'GB', 'TB']

/** Bytes as people read them; 1 KB is 1,000 of them. */
export function bytesText(bytes: number): string {
  const power = bytes < 1_000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3))
  const value = bytes / 1_000 ** power
  return `${power === 0 ? value : Number(value.toPrecision(3))} ${units[power]}`
}

export const grouped = (count: number): string => count.toLocaleString('en-US')
