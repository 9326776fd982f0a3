import pg from 'pg'

type Callback = (error: Error | undefined, result: pg.ResultBuilder) => void

/** COPY FROM STDIN, with the rows that it takes. */
export class CopyIn {
  readonly text: string
  readonly rows: Buffer

  constructor(text: string, rows: Buffer) {
    this.text = text
    this.rows = rows
  }
}

/** Messages of the protocol: https://www.postgresql.org/docs/18/protocol-message-formats.html */
const copyDone = Buffer.from([0x63, 0, 0, 0, 4])

function copyData(bytes: number): Buffer {
  const header = Buffer.alloc(5, 'd')
  header.writeInt32BE(4 + bytes, 1)
  return header
}

/** Of one message; the server reads the first while the others are on their way. */
const pieceBytes = 256 * 1024

/**
 * Sends the rows behind the statement, and does not wait until the server asks for them: so it takes its turn among the
 * statements of a pipelined connection. By the extended protocol, in which a server that refuses the statement or a row
 * leaves out what comes up to Sync.
 */
export class CopyInQuery extends pg.Query {
  constructor({ text, rows }: CopyIn, callback: Callback) {
    super(text, [], callback)
    this.submit = (connection) => {
      const { stream } = connection
      stream.cork()
      connection.parse({ name: '', text, types: [] }, true)
      connection.bind({ values: [] }, true)
      connection.execute(null, true)
      for (let at = 0; at < rows.length; at += pieceBytes) {
        const piece = rows.subarray(at, at + pieceBytes)
        stream.write(copyData(piece.length))
        stream.write(piece)
      }
      stream.write(copyDone)
      connection.sync()
      stream.uncork()
    }
  }

  /** The driver would fail the statement here; the rows are on their way. */
  handleCopyInResponse(): void {}
}
