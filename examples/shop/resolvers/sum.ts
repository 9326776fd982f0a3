/** Exact, where floating point would lose cents. @throws RangeError for an amount with parts of a cent. */
function cents(amount: string): bigint {
  const [, whole, fraction = ''] = /^(\d+)(?:\.(\d{1,2}))?$/.exec(amount) ?? []
  if (whole === undefined) throw new RangeError(`${amount} is no sum of money.`)
  return BigInt(whole + fraction.padEnd(2, '0'))
}

/** What lines cost together, as digits with two decimals. */
export function sum(lines: readonly { readonly price: string; readonly quantity: number }[]): string {
  const total = lines.reduce((so, { price, quantity }) => so + cents(price) * BigInt(quantity), 0n)
  const digits = String(total).padStart(3, '0')
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`
}
