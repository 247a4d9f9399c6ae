import { readFileSync } from 'node:fs';

/** The unit of `/proc/<pid>/stat` on Linux: a hundredth of a second. */
const TICKS_PER_SECOND = 100;

/** CPU seconds of all threads of a process so far. Undefined if the system has no /proc. */
export function cpuSecondsOf(pid: number): number | undefined {
  const stat = procFile(pid, 'stat');
  // The second field, the name in parentheses, may contain anything; utime and stime are the 14th and 15th.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields && (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** The peak memory of a process, in MiB. */
export const peakMibOf = (pid: number): number | undefined => mibIn(pid, 'VmHWM');

/** The memory of a process now, in MiB. */
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
