import { Command } from 'commander'
import { told } from '../gateway/told.ts'
import { CrossfadeError, messageOf } from '../util/errors.ts'
import { backfillCommand } from './backfill.ts'
import { conflictsCommand } from './conflicts.ts'
import { contractCommand } from './contract.ts'
import { coverageCommand } from './coverage.ts'
import { demoCommand } from './demo.ts'
import { doctorCommand } from './doctor.ts'
import { erdCommand } from './erd.ts'
import { evidenceCommand } from './evidence.ts'
import { forgetCommand } from './forget.ts'
import { groupCommand } from './group.ts'
import { issuesCommand } from './issues.ts'
import { migrateCommand } from './migrate.ts'
import { mirrorCommand } from './mirror.ts'
import { mismatchesCommand } from './mismatches.ts'
import { allowReadersToLeave, warn } from './output.ts'
import { profileCommand } from './profile.ts'
import { recordCommand } from './record.ts'
import { repairCommand } from './repair.ts'
import { replayCommand } from './replay.ts'
import { retireCommand } from './retire.ts'
import { serveCommand } from './serve.ts'
import { stageCommand } from './stage.ts'
import { storesCommand } from './stores.ts'
import { tokenCommand } from './token.ts'
import { verifyCommand } from './verify.ts'
import { workerCommand } from './worker.ts'

/** Runs the command that the arguments name; its exit code is the program's. */
export async function run(): Promise<void> {
  allowReadersToLeave()
  const program = new Command('crossfade')
    .description('Moves a live GraphQL API from MongoDB to PostgreSQL, one type at a time.')
    .showHelpAfterError()

  const commands = [
    demoCommand,
    serveCommand,
    storesCommand,
    migrateCommand,
    stageCommand,
    groupCommand,
    profileCommand,
    backfillCommand,
    workerCommand,
    verifyCommand,
    repairCommand,
    evidenceCommand,
    mismatchesCommand,
    coverageCommand,
    recordCommand,
    replayCommand,
    mirrorCommand,
    conflictsCommand,
    issuesCommand,
    forgetCommand,
    tokenCommand,
    doctorCommand,
    erdCommand,
    retireCommand,
    contractCommand,
  ]
  for (const command of commands) program.addCommand(command())

  try {
    await program.parseAsync()
  } catch (error) {
    const line = told(error)
    warn(line ?? messageOf(error))
    if (!line && !(error instanceof CrossfadeError) && error instanceof Error && error.stack) warn(error.stack)
    // 2 is for what was refused or differs; everything else went wrong
    process.exitCode = error instanceof CrossfadeError && error.code !== 'MISCONFIGURED' ? 2 : 1
  }
}
