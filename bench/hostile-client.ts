import { readFileSync } from 'node:fs'

/**
 * Sends one body again and again until its input ends, and prints how often, the longest answer in milliseconds, and
 * what the first one said. A process of its own: what it costs to send is not the server's.
 */
const [url, file] = process.argv.slice(2) as [string, string]
const body = readFileSync(file)
let running = true
process.stdin.on('end', () => {
  running = false
})
process.stdin.resume()

let sent = 0
let longest = 0
let first: string | undefined
while (running) {
  const began = performance.now()
  const text = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    .then((response) => response.text())
    .catch(String) // refused while the body was still on its way
  first ??= text
  longest = Math.max(longest, performance.now() - began)
  sent++
}
process.stdout.write(JSON.stringify({ sent, longest, first }))
