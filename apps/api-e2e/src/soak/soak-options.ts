import { parseArgs } from 'node:util';

/** Duration and size of a soak. */
export interface SoakOptions {
  /** How long faults are produced; longer if the counts below are not reached by then. */
  readonly minutes: number;
  /** The least number of cut connections. */
  readonly cuts: number;
  /** The least number of times that the server is killed with SIGKILL. */
  readonly kills: number;
  /** Number of clients. Each has a link of its own and uploads three files at once. */
  readonly clients: number;
  /** The largest file, in MiB. */
  readonly maxMib: number;
}

const USAGE = 'npm run soak -- [minutes] [--cuts n] [--kills n] [--clients n] [--max-mib n]';

/** Reads the command line. The default is one minute, or as long as the counts take. */
export function soakOptions(args: readonly string[]): SoakOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      cuts: { type: 'string', default: '0' },
      kills: { type: 'string', default: '0' },
      clients: { type: 'string', default: '4' },
      'max-mib': { type: 'string', default: '200' },
    },
  });
  const byCounts = values.cuts !== '0' || values.kills !== '0';
  const options = {
    minutes: Number(positionals[0] ?? (byCounts ? 0 : 1)),
    cuts: Number(values.cuts),
    kills: Number(values.kills),
    clients: Number(values.clients),
    maxMib: Number(values['max-mib']),
  };
  if (Object.values(options).some((value) => !(value >= 0)) || options.clients < 1) throw new RangeError(USAGE);
  return options;
}
