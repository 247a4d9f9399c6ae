import { factsOf } from '@upload-streams/nest/options';
import { isRequired, USED_WITH, VARIABLES, type Variable } from './variables.js';

/** What a document says of a variable; values are written as in the environment. */
export interface VariableDescription {
  readonly name: string;
  readonly meaning: string;
  /** undefined: there is none, or no limit. */
  readonly fallback: string | undefined;
  /** The setting with which it has to be set; undefined: it never has to. */
  readonly requiredWith: string | undefined;
  /** The bounds of a number; undefined: there is none that matters. */
  readonly lowest: string | undefined;
  readonly highest: string | undefined;
  /** The words for no and yes, where they are not `false` and `true`. */
  readonly words: readonly string[];
}

export function describeVariables(): readonly VariableDescription[] {
  return Object.entries<Variable>(VARIABLES).map(([name, variable]) => {
    const { set, schema, notation, fallback } = variable;
    const facts = factsOf(schema);
    const write = (value: unknown) => (value === undefined ? undefined : notation.write(value));
    return {
      name,
      meaning: facts.meaning,
      fallback: facts.default === Number.MAX_SAFE_INTEGER ? undefined : write(facts.default ?? fallback),
      requiredWith: isRequired(variable) ? USED_WITH[set] : undefined,
      lowest: facts.lowest === undefined || facts.lowest <= 1 ? undefined : write(facts.lowest),
      highest: facts.highest === Number.MAX_SAFE_INTEGER ? undefined : write(facts.highest),
      words: typeof facts.default === 'boolean' ? [write(false)!, write(true)!] : [],
    };
  });
}
