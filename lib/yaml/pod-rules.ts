/** Kubernetes' rules for fields that depend on each other, for the configuration and for manifests. Pure. */
import { type Finding, type Path, problem, when } from './finding.ts';
import { parseQuantity } from './quantity.ts';
import { type Fields, isAbsent, recordOf } from './values.ts';

/** A toleration without a key, and fields of it that exclude each other. */
export function tolerationFindings(path: Path, toleration: Fields): readonly Finding[] {
  const { key, operator, value, effect, tolerationSeconds } = toleration;
  const isEmpty = (field: unknown) => isAbsent(field) || field === '';
  return [
    ...when(
      isEmpty(key) && operator !== 'Exists',
      problem(path, 'has no key; give one, or write "operator: Exists" to tolerate every taint'),
    ),
    ...when(
      operator === 'Exists' && !isEmpty(value),
      problem([...path, 'value'], 'means nothing with "operator: Exists"; remove one of them'),
    ),
    ...when(
      !isAbsent(tolerationSeconds) && effect !== 'NoExecute',
      problem([...path, 'tolerationSeconds'], 'needs "effect: NoExecute"'),
    ),
  ];
}

/** Requests above their limits. Ignores quantities that cannot be read; other checks report those. */
export function requestFindings(path: Path, resources: Fields): readonly Finding[] {
  const limits = recordOf(resources.limits);
  return Object.entries(recordOf(resources.requests)).flatMap(([name, request]) => {
    const limit = limits[name];
    const [requested = 0, limited = Number.POSITIVE_INFINITY] = [request, limit].map((one) =>
      parseQuantity(String(one)),
    );
    const message = `is ${request}, which is more than the limit (${limit}); Kubernetes refuses such pods`;
    return when(requested > limited, problem([...path, 'requests', name], message));
  });
}
