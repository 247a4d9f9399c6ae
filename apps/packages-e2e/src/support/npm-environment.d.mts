export function npmEnvironment(extra?: Readonly<Record<string, string>>): Record<string, string | undefined>;
