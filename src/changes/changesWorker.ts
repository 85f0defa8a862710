import { serveJobs } from '../workers/jobLoop.ts';
import type { ChangesJob, ChangesResult } from './changesJob.ts';
import { doChangesJob } from './doChangesJob.ts';

// The host terminates the thread to cancel.
serveJobs<{ job: ChangesJob; report: ChangesResult }>(async (job, report) => report(await doChangesJob(job)));
