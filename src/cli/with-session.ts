import { say } from './output.ts'
import { openSession, type Session } from './session.ts'

/** Runs a command between opening the stores and letting them go. */
export async function withSession<T>(config: string | undefined, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await openSession(config, say)
  try {
    return await work(session)
  } finally {
    await session.close()
  }
}
