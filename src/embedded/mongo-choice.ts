/** A MongoDB server that can be started here. */
export interface MongoChoice {
  /** Its files lie in a folder of this name: two servers' files are not each other's. */
  readonly folder: 'mongodb' | 'secantusdb'
  readonly command: string
  readonly args: (port: number, data: string) => string[]
  /** True where it serves as a replica set only after being told to. */
  readonly initiate: boolean
}

/** A real mongod, as a replica set of one: transactions, change streams and majority writes need it. */
export function mongod(command: string): MongoChoice {
  const args = (port: number, data: string): string[] => [
    ...['--bind_ip', '127.0.0.1', '--port', String(port), '--nounixsocket'],
    ...['--dbpath', data, '--replSet', 'crossfade'],
    // As the only member it would wait 15 s at each stop for clients to move to another.
    ...['--setParameter', 'shutdownTimeoutMillisForSignaledShutdown=100'],
  ]
  return { folder: 'mongodb', command, args, initiate: true }
}
