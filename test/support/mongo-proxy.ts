import { BSON, type Document } from 'mongodb'
import { type TcpProxy, tcpProxy } from './tcp-proxy.ts'

const opMsg = 2013
const opReply = 1
const headerBytes = 16

/** Calls `each` with every whole message of MongoDB's wire protocol that the chunks hold. */
function messages(each: (message: Buffer) => void): (chunk: Buffer) => void {
  let waiting = Buffer.alloc(0)
  return (chunk) => {
    waiting = Buffer.concat([waiting, chunk])
    while (waiting.length >= 4 && waiting.length >= waiting.readInt32LE(0)) {
      const length = waiting.readInt32LE(0)
      each(waiting.subarray(0, length))
      waiting = waiting.subarray(length)
    }
  }
}

/** Where the document of a message begins: an OP_REPLY has more in front of it than an OP_MSG. */
function bodyAt(message: Buffer): number | null {
  const code = message.readInt32LE(12)
  if (code === opMsg) return headerBytes + 5
  return code === opReply ? headerBytes + 20 : null
}

function rewritten(message: Buffer, change: (answer: Document) => Document | null): Buffer {
  const at = bodyAt(message)
  if (at === null) return message
  const answer = change(BSON.deserialize(message.subarray(at, at + message.readInt32LE(at)), { promoteValues: false }))
  if (answer === null) return message
  const whole = Buffer.concat([message.subarray(0, at), BSON.serialize(answer)])
  whole.writeInt32LE(whole.length, 0)
  return whole
}

/** The server's answer to a command, in its place. */
function answerTo(message: Buffer, answer: Document): Buffer {
  const flags = Buffer.alloc(5) // and the kind of its only section: a document
  const whole = Buffer.concat([message.subarray(0, headerBytes), flags, BSON.serialize(answer)])
  whole.writeInt32LE(whole.length, 0)
  whole.copy(whole, 8, 4, 8) // the number of what it answers
  return whole
}

export interface Between {
  /** The answer to send in place of a server's; null leaves it alone. */
  readonly change?: (answer: Document) => Document | null
  /** The answer to a command that is not to reach the server; null lets it pass. */
  readonly refuse?: (command: Document) => Document | null
}

/** A proxy on loopback that may change the answers of a MongoDB server, or answer for it. */
export function mongoProxy(behind: number, { change, refuse }: Between): Promise<TcpProxy> {
  const refused = (message: Buffer): Buffer | null => {
    const at = message.readInt32LE(12) === opMsg ? bodyAt(message)! : null
    const answer = at === null ? null : refuse!(BSON.deserialize(message.subarray(at, at + message.readInt32LE(at))))
    return answer && answerTo(message, answer)
  }
  return tcpProxy(behind, {
    ...(refuse && {
      request: (upstream, client) =>
        messages((message) => {
          const answer = refused(message)
          if (answer) client.write(answer)
          else upstream.write(message)
        }),
    }),
    ...(change && { answer: (client) => messages((message) => client.write(rewritten(message, change))) }),
  })
}

/** Changes what a server says of itself. */
export const helloProxy = (behind: number, change: (hello: Document) => Document): Promise<TcpProxy> =>
  mongoProxy(behind, { change: (answer) => ('maxWireVersion' in answer ? change(answer) : null) })
