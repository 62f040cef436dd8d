/** What CloudFormation makes of a template with parameters: conditions decided, references to parameters replaced. */

type Tree = Readonly<Record<string, unknown>>;
type Declared = Readonly<Record<string, { readonly Type: string; readonly Default?: string }>>;
type Resource = { readonly Type: string; readonly Properties: Readonly<Record<string, unknown>> };
type Source = { readonly Parameters?: Declared; readonly Conditions?: Tree; readonly Resources: object };

const GONE = Symbol('AWS::NoValue');

/** The template for these values; what is not given has its default. References to resources stay as they are. */
export function resolveTemplate<T extends Source>(
  template: T,
  values: Readonly<Record<string, string>>,
): T & { readonly Resources: Readonly<Record<string, Resource>> } {
  const { Parameters: declared = {}, Conditions: conditions = {} } = template;
  const given = (name: string) => values[name] ?? declared[name]?.Default;

  function textOf(text: string): unknown {
    const resolved = text.replaceAll(/\$\{(\w+)\}/g, (whole, name: string) => given(name) ?? whole);
    return resolved.includes('${') ? { 'Fn::Sub': resolved } : resolved;
  }

  function reference(name: string): unknown {
    if (name === 'AWS::NoValue') return GONE;
    const value = given(name);
    return value !== undefined && declared[name]?.Type === 'Number' ? Number(value) : value;
  }

  /** CloudFormation's functions; `undefined` of one leaves it as it is. */
  const intrinsics: Readonly<Record<string, (argument: unknown, items: readonly unknown[]) => unknown>> = {
    Ref: (name) => reference(String(name)),
    'Fn::Sub': (text) => textOf(String(text)),
    'Fn::If': (_, [condition, yes, no]) => resolve(resolve(conditions[String(condition)]) ? yes : no),
    'Fn::Equals': (_, [one, other]) => resolve(one) === resolve(other),
    'Fn::Not': (_, [one]) => !resolve(one),
    'Fn::And': (_, all) => all.every(resolve),
    'Fn::Split': (_, [separator, text]) => String(resolve(text)).split(String(separator)),
  };

  function resolve(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(resolve).filter((item) => item !== GONE);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const [[name = '', argument] = []] = entries;
    const decided =
      entries.length === 1 ? intrinsics[name]?.(argument, Array.isArray(argument) ? argument : []) : undefined;
    if (decided !== undefined) return decided;
    const resolved = entries.map(([key, one]) => [key, resolve(one)] as const);
    return Object.fromEntries(
      resolved
        .filter(([, one]) => one !== GONE)
        .filter(([, one]) => isMade(one))
        .map(bare),
    );
  }

  /** Whether it is anything but a resource whose condition does not hold. */
  function isMade(value: unknown): boolean {
    const { Condition } = (value ?? {}) as { Condition?: unknown };
    return typeof Condition !== 'string' || resolve(conditions[Condition]) === true;
  }

  return {
    ...template,
    ...(resolve({ ...template, Conditions: {}, Parameters: {} }) as object),
  } as T & {
    Resources: Readonly<Record<string, Resource>>;
  };
}

/** A resource without the condition that has been decided. */
function bare([key, value]: readonly [string, unknown]): readonly [string, unknown] {
  const { Condition, ...rest } = (value ?? {}) as { Condition?: unknown };
  return [key, typeof Condition === 'string' ? rest : value];
}
