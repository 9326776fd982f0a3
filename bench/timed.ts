/** One run of a job over so many records. */
export interface Timed {
  readonly perSecond: number
  /** Of this process for one record, in microseconds: it drifts least on a shared machine. */
  readonly cpu: number
  /** The most memory that was resident, in bytes. */
  readonly peak: number
}

/** @param work resolves with how many records it has done rightly. @throws where these are not all. */
export async function timed(count: number, work: () => Promise<number>): Promise<Timed> {
  let peak = 0
  const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 20)
  const before = process.cpuUsage()
  const began = performance.now()
  const done = await work()
  const { user, system } = process.cpuUsage(before)
  const perSecond = (count * 1_000) / (performance.now() - began)
  clearInterval(timer)
  if (done !== count) throw new Error(`${done} of ${count} are done`)
  return { perSecond, cpu: (user + system) / count, peak }
}
