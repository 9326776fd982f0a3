import { Agent, request } from 'node:http'

/**
 * Sends one body to one address so many times, on so many connections, and prints the 50th and 99th percentile of the
 * answers' times in milliseconds, a tenth more for warming up left out. A process of its own, since a client in the server's would wait for its turn.
 */
const [url, body, connections, requests] = process.argv.slice(2) as [string, string, string, string]
const agent = new Agent({ keepAlive: true, maxSockets: Number(connections) })
const options = { agent, method: 'POST', headers: { 'content-type': 'application/json' } }

function send(): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(url, options, (response) => {
      if (response.statusCode !== 200) reject(new Error(`The server answered ${response.statusCode}.`))
      response.on('end', resolve).resume()
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

const warmUp = Math.ceil(Number(requests) / 10)
const times: number[] = []
let left = Number(requests) + warmUp
async function work(): Promise<void> {
  while (left-- > 0) {
    const began = performance.now()
    await send()
    times.push(performance.now() - began)
  }
}
await Promise.all(Array.from({ length: Number(connections) }, work))
agent.destroy()
times.splice(0, warmUp)
times.sort((a, b) => a - b)
const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))]!
process.stdout.write(JSON.stringify({ p50: at(0.5), p99: at(0.99) }))
