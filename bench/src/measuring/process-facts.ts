import { readFileSync } from 'node:fs';

/** What Linux counts in: a hundredth of a second. */
const TICKS_PER_SECOND = 100;

/** CPU seconds of a process, all threads, so far; undefined where the system has no /proc. */
export function cpuSecondsOf(pid: number): number | undefined {
  const stat = procFile(pid, 'stat');
  // The second field, the name in parentheses, may have anything in it; utime and stime are the 14th and 15th.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields && (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** The most memory that a process ever had, in MiB. */
export const peakMibOf = (pid: number): number | undefined => mibIn(pid, 'VmHWM');

/** The memory that a process has, in MiB. */
export const residentMibOf = (pid: number): number | undefined => mibIn(pid, 'VmRSS');

function mibIn(pid: number, field: string): number | undefined {
  const kib = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(procFile(pid, 'status') ?? '')?.[1];
  return kib === undefined ? undefined : Number(kib) / 1024;
}

function procFile(pid: number, name: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return undefined;
  }
}
