import { setTimeout as sleep } from 'node:timers/promises'

/** How often what others may be first at is begun. */
export const maxTries = 30

/** What it waits for before the next try, in milliseconds, times the tries so far. */
const pauseMs = 4

export const rested = (tries: number): Promise<void> => sleep(Math.random() * pauseMs * tries)
