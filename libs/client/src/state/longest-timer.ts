/** The longest time that a timer can run, in milliseconds: 24.8 days. With a longer time it would fire at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;
