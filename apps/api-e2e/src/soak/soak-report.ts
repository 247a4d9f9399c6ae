const MIB = 1024 * 1024;

/** The faults. */
export const FAULTS = ['cut', 'cut without acks', 'freeze', 'takeover', 'SIGKILL', 'SIGTERM'] as const;
export type Fault = (typeof FAULTS)[number];

/** The results of a soak so far. */
export class SoakReport {
  readonly faults: Record<Fault, number>;
  uploads = 0;
  fileBytes = 0;
  sentBytes = 0;
  connections = 0;
  /** Stored files that differ from their sources, a sentence each. */
  readonly mismatches: string[] = [];
  /** Uploads that ended in a state that only a person could resolve, a sentence each. */
  readonly failures: string[] = [];
  /** Uploads that had to restart in a new session, because the server's part was of no use. */
  restarts = 0;
  /** Milliseconds from a fault to the next progress of each upload that it hit, if no other fault came in between. */
  private readonly waits: Record<Fault, number[]>;
  private longestOfAll = 0;

  constructor() {
    this.faults = Object.fromEntries(FAULTS.map((fault) => [fault, 0])) as Record<Fault, number>;
    this.waits = Object.fromEntries(FAULTS.map((fault) => [fault, []])) as unknown as Record<Fault, number[]>;
  }

  get cuts(): number {
    return this.faults.cut + this.faults['cut without acks'];
  }

  wentOn(fault: Fault, waitedMs: number, undisturbed: boolean): void {
    this.longestOfAll = Math.max(this.longestOfAll, waitedMs);
    if (undisturbed) this.waits[fault].push(waitedMs);
  }

  get passed(): boolean {
    return this.uploads > 0 && this.mismatches.length === 0 && this.failures.length === 0;
  }

  toString(): string {
    const beyond = this.sentBytes - this.fileBytes;
    const share = ((100 * beyond) / this.fileBytes).toFixed(2);
    return [
      `uploads                    ${this.uploads}, ${mib(this.fileBytes)}`,
      `connections                ${this.connections}`,
      ...FAULTS.map((fault) => `${fault.padEnd(27)}${this.faults[fault]}${this.waitsAfter(fault)}`),
      `longest wait of all        ${seconds(this.longestOfAll)}, where faults came on top of one another`,
      // Links are counted at the end, so an interrupted soak has no figure.
      ...(this.sentBytes > 0
        ? [`sent beyond the files      ${mib(beyond)}, ${share} %: sent twice, handshakes, envelopes`]
        : []),
      `begun anew                 ${this.restarts}`,
      `needed a person            ${this.failures.length}`,
      ...this.failures.map((failure) => `  ${failure}`),
      `mismatches                 ${this.mismatches.length}`,
      ...this.mismatches.map((mismatch) => `  ${mismatch}`),
    ].join('\n');
  }

  private waitsAfter(fault: Fault): string {
    const sorted = this.waits[fault].toSorted((a, b) => a - b);
    if (sorted.length === 0) return '';
    const [median, worst] = [sorted[Math.floor(sorted.length / 2)]!, sorted.at(-1)!];
    return `; time to go on: median ${seconds(median)}, worst ${seconds(worst)} (${sorted.length} uploads)`;
  }
}

const mib = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;
const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
