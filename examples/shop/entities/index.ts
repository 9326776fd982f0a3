import { Book } from './book.ts'
import { Customer } from './customer.ts'
import { Gadget } from './gadget.ts'
import { Order } from './order.ts'
import { Review } from './review.ts'

/** The types that move, in the order that they are shown. */
export const entities = [Book, Gadget, Customer, Order, Review]
