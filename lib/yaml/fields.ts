/**
 * The types of single values in the configuration. Messages use the terms of Kubernetes and Bitbucket. Pure.
 */
import * as z from 'zod';
import { DURATION_PATTERN, parseDuration, parseQuantity } from './quantity.ts';

/** Text of this form. */
function like(form: RegExp, error: string) {
  return z.string().regex(form, { error });
}

const DURATION_RULE = 'expected a duration such as 90s, 10m or 2h, or a number of seconds';

/** `90s`, `10m`, `2h`, `1h30m` or a number of seconds, as milliseconds. */
export const duration = z
  .union([z.number().min(0), z.string().regex(DURATION_PATTERN, { error: DURATION_RULE })], { error: DURATION_RULE })
  .transform(parseDuration);

const POLL_RULE =
  'expected a duration from 5s to less than 1m, such as 10s; without the key there is one look a minute';

/** How often a function looks within the minute that belongs to one invocation. */
export const pollInterval = duration.refine((ms) => ms >= 5_000 && ms < 60_000, { error: POLL_RULE });

const WAKE_RULE = 'expected a duration from 2m to 2h, such as 10m: a runner has to start within it';

/** How long a group that was woken stays awake. */
export const wakeTime = duration.refine((ms) => ms >= 120_000 && ms <= 7_200_000, { error: WAKE_RULE });

/** Text with at least one visible character. */
export const text = like(/\S/, 'is empty');

/** A name that is shown to people: one line. */
export const displayName = z
  .string()
  .regex(/^\S(?:.*\S)?$/, { error: 'expected a name in one line, without spaces at its ends', abort: true })
  .refine((name) => !/\p{Cc}/u.test(name), { error: 'contains a control character; write the name again by hand' })
  .max(100);

/** The name of a cluster or job template, by which groups refer to it. */
export const reference = like(/^[A-Za-z0-9][\w.-]*$/, 'expected letters, digits, dots, dashes and underscores');

/** RFC 1123 label: the name of a namespace. */
export const namespace = like(
  /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/,
  'is not a Kubernetes namespace name: lower-case letters, digits and dashes, and no dash at its ends',
).max(63);

/** RFC 1123 subdomain: the name of most other objects. */
export const objectName = like(
  /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/,
  'is not a Kubernetes object name: lower-case letters, digits, dashes and dots, and none of these at its ends',
).max(253);

/** A container image, with a version or a digest. */
export const image = like(/^[^\s{}]+$/, 'is not an image such as docker:28-dind or docker@sha256:…');

/** A label key: a name of at most 63 characters, perhaps after a DNS prefix and a slash. */
export const labelKey = like(
  /^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?$/,
  'is not a Kubernetes label key such as "customer" or "example.com/pool"',
);

/** A label value: empty, or a name of at most 63 characters. */
export const labelValue = like(
  /^(?:[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?)?$/,
  'is not a Kubernetes label value: at most 63 letters, digits, dashes, dots and underscores',
);

/** The variables by which a runner knows who it is; the manifests set them. */
const RUNNER_IDENTITY = ['ACCOUNT_UUID', 'REPOSITORY_UUID', 'RUNNER_UUID', 'OAUTH_CLIENT_ID', 'OAUTH_CLIENT_SECRET'];

/** The name of an environment variable that a group may set. */
export const variableName = like(
  /^[A-Za-z_][A-Za-z0-9_]*$/,
  'is not the name of an environment variable: letters, digits and underscores, no digit first',
).refine((name) => !RUNNER_IDENTITY.includes(name), {
  error: 'is set by the autoscaler for every runner; remove it here',
});

/** The value of an environment variable; YAML's numbers and booleans are meant as text here. */
export const variableValue = z
  .union([z.string(), z.number(), z.boolean()], { error: 'expected text, a number, true or false ("" for empty)' })
  .transform(String);

/** A CPU quantity, in cores. */
export const cpu = z
  .union([z.string(), z.number()], { error: 'expected a number of cores such as 500m, 2 or 1.5' })
  .transform(String)
  .refine((quantity) => (parseQuantity(quantity) ?? 0) > 0, {
    error: 'is not a CPU quantity; write it as 500m, 2 or 1.5',
  });

/** A memory quantity, in bytes. Below 1Mi a unit has been forgotten (`4`) or mistaken (`4000m` is four bytes). */
export const memory = z
  .union([z.string(), z.number()], { error: 'expected an amount of memory such as 512Mi or 4Gi' })
  .transform(String)
  .refine((quantity) => parseQuantity(quantity) !== undefined, {
    error: 'is not a memory quantity; write it as 512Mi or 4Gi',
    abort: true,
  })
  .refine((quantity) => (parseQuantity(quantity) ?? 0) >= 2 ** 20, {
    error: 'is less than 1Mi, so its unit is missing or wrong; write it as 512Mi or 4Gi',
  });

const UUID = /^\{?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\}?$/i;

/**
 * A workspace or repository as Bitbucket's paths name it: a slug in lower case, or a uuid in braces, whether or not it
 * was written with them.
 */
export function canonicalBitbucketName(name: string): string {
  const uuid = UUID.exec(name)?.[1];
  return (uuid === undefined ? name : `{${uuid}}`).toLowerCase();
}

/** Whether a workspace or repository is still to be filled in: `my guid`, `{workspace_uuid}`, `<slug>`. */
export function isPlaceholderName(name: string): boolean {
  return !UUID.test(name) && /\s|[<>]|^$|^\{[^}]*\}$/.test(name);
}

function bitbucketNameProblem(name: string): string | undefined {
  if (UUID.test(name)) return undefined;
  if (isPlaceholderName(name)) {
    return `"${name}" is a placeholder, not a uuid; replace it with the slug or the {uuid}`;
  }
  if (name.includes('/')) return `"${name}" has a slash; give workspace and repository under their own keys`;
  if (/^[\w.-]+$/.test(name) && !/^\.+$/.test(name)) return undefined;
  return `"${name}" is neither a slug (letters, digits, dashes, dots, underscores) nor a {uuid}`;
}

/** A workspace or repository, as its author wrote it. */
export const bitbucketKey = z.string().check((context) => {
  const message = bitbucketNameProblem(context.value);
  if (message !== undefined) context.issues.push({ code: 'custom', message, input: context.value });
});

/** A workspace or repository in its canonical form. */
export const bitbucketName = bitbucketKey.transform(canonicalBitbucketName);

/** A repository as `workspace/repository`, each a slug or a {uuid}. */
export const repositoryPath = z
  .string()
  .check((context) => {
    const parts = context.value.split('/');
    const message =
      parts.length === 2
        ? parts.map(bitbucketNameProblem).find((found) => found !== undefined)
        : `"${context.value}" is no repository; write it as workspace/repository, such as acme/shop`;
    if (message !== undefined) context.issues.push({ code: 'custom', message, input: context.value });
  })
  .transform((path) => {
    const [workspace = '', repository = ''] = path.split('/').map(canonicalBitbucketName);
    return { workspace, repository };
  });

const OTHER_SYSTEMS = ['windows', 'macos', 'linux.shell'];

/** A label that a step asks for in `runs-on`. */
export const runnerLabel = like(
  /^[a-z0-9.]+$/,
  'is not a runner label: Bitbucket allows lower-case letters, digits and dots',
).refine((label) => !OTHER_SYSTEMS.includes(label), {
  error: (issue) => `"${issue.input}" belongs to runners of another kind; runners here are Linux containers`,
});
