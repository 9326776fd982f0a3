import { Long, Timestamp } from 'mongodb'

/** A whole number of 64 bits; the driver's Timestamp is one by class, and not by its BSON type. */
export const isLong = (raw: unknown): raw is Long => Long.isLong(raw) && !(raw instanceof Timestamp)
