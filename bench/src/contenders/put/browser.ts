import { openPage } from '../../browser/open-page.ts';
import { runJob } from '../../client/run-job.ts';

await runJob((job) => openPage('put', job));
