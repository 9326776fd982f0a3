import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs'
import { type CommandStartedEvent, MongoClient } from 'mongodb'
import type { Command } from './command.ts'
import { type Memory, remember, rules } from './rules.ts'

/** Names the file in which programs that a test starts tell what they broke. */
export const reportVariable = 'CROSSFADE_RULE_REPORT'

const shownCharacters = 600

const memory: Memory = { indexes: new Map(), watched: new Set() }
const told: string[] = []

const beginningOf = (body: Command['body']): string =>
  JSON.stringify(body, (_, each) => (typeof each === 'bigint' ? String(each) : each)).slice(0, shownCharacters)

/** The rules that a command breaks, with its beginning. */
export function broken(command: Command, of: Memory = memory): string[] {
  remember(command, of)
  return rules
    .filter(({ isBroken }) => isBroken(command, of))
    .map(({ says, page }) => `${command.name}: ${says} (${page}): ${beginningOf(command.body)}`)
}

function look({ commandName: name, databaseName: database, command: body }: CommandStartedEvent): void {
  const found = broken({ name, database, body })
  if (found.length === 0) return
  const report = process.env[reportVariable]
  if (report === undefined) told.push(...found)
  else appendFileSync(report, found.map((line) => `${line}\n`).join(''))
}

const { connect } = MongoClient.prototype
const watched = new WeakSet<MongoClient>()

/** Every client of this process is looked at from its first connection on. */
MongoClient.prototype.connect = function watchedConnect(this: MongoClient) {
  if (!watched.has(this)) {
    watched.add(this)
    this.options.monitorCommands = true
    this.on('commandStarted', look)
  }
  return connect.call(this)
}

/** What was broken since it was last asked, here and by programs that were started; each once. */
export function takeBroken(): string[] {
  const report = process.env[reportVariable]
  if (report === undefined) return [...new Set(told.splice(0))]
  if (!existsSync(report)) return []
  const lines = readFileSync(report, 'utf8').split('\n').filter(Boolean)
  rmSync(report)
  return [...new Set(lines)]
}
