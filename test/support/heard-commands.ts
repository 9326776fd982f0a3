import type { CommandStartedEvent } from 'mongodb'
import type { TestStores } from './stores.ts'

/** The commands that are sent to MongoDB while the work runs, those without limits of time among them. */
export async function heardCommands(
  { mongo }: TestStores,
  work: () => Promise<unknown>,
): Promise<CommandStartedEvent[]> {
  const heard: CommandStartedEvent[] = []
  const hear = (event: CommandStartedEvent): void => void heard.push(event)
  const clients = [mongo.connection, mongo.connection.patient()].map(({ client }) => client)
  for (const client of clients) client.on('commandStarted', hear)
  await work().finally(() => {
    for (const client of clients) client.off('commandStarted', hear)
  })
  return heard
}
