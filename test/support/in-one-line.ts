import { Command } from 'commander'

/** A command that says in one line what is wrong with its arguments, and exits with 1. */
export const inOneLine = (name: string): Command =>
  new Command(name).helpCommand(false).configureOutput({
    outputError: (text, write) => write(`${text.trim().replaceAll('\n', ' ')}\n`),
  })
