// Prints a token of a customer, or of staff: SHOP_SECRET=… node sign-token.ts <id> [staff]
import { sign } from './auth/token.ts'

const [, , id, role] = process.argv
if (id === undefined) throw new Error('Whose token? Name the id of a customer, or of somebody of the staff.')
console.log(await sign({ id, isStaff: role === 'staff' }))
