/**
 * The second line of defence for secrets. The first is that credentials travel as `Secret`, which shows nothing of
 * itself; this one catches what gets past it: a field that is named like a secret, and text that holds one in a shape
 * that is known. Pure.
 */
import { visible } from '#core/visible.ts';

/** What stands in the place of anything hidden. */
const REDACTED = '[secret]';

/** Endings of field names, in lower case and without `_`, `-` and `.`, whose values are never shown. */
const SECRET_FIELD =
  /(?:secret|token|password|passwd|passphrase|authorization|cookie|privatekey|secretaccesskey|clientcertificatedata|clientkeydata|stringdata|base64)$/;

/** `Basic …` and `Bearer …` as headers carry them. */
const AUTHORIZATION = /\b(Basic|Bearer)\s+[\w.~+/=-]{6,}/gi;

/** User and password in a URL. No pattern here begins with a run of any length, so that none takes long for long texts. */
const USER_INFO = /(:\/\/)[^\s/@]+@/g;

/** A secret-named member of JSON that is itself inside a text, its quotes escaped or not; or of a form body. */
const MEMBER = /(\\?"[\w.-]*(?:secret|token|password|authorization)\\?"\s*:\s*\\?")(?:[^"\\]|\\(?!")[^"])*/gi;
const FORM_FIELD = /((?:secret|token|password)=)[^\s&"']+/gi;

/** Tokens that Atlassian and EKS hand out say by their first letters what they are. */
const KNOWN_TOKEN = /\b(?:AT(?:ATT|CTT|BB)[\w=+/-]{8,}|k8s-aws-v1\.[\w-]+)/g;

/** Whether a field of this name holds a secret: `clientSecret` and `OAUTH_CLIENT_SECRET` do, `secretId` does not. */
export function isSecretField(name: string): boolean {
  return SECRET_FIELD.test(name.toLowerCase().replace(/[_.-]/g, ''));
}

/** The text without anything in it that looks like a credential. */
export function redactText(text: string): string {
  return text
    .replace(AUTHORIZATION, `$1 ${REDACTED}`)
    .replace(USER_INFO, `$1${REDACTED}@`)
    .replace(MEMBER, `$1${REDACTED}`)
    .replace(FORM_FIELD, `$1${REDACTED}`)
    .replace(KNOWN_TOKEN, REDACTED);
}

/**
 * A replacer for `JSON.stringify`: hides the values of secret fields, redacts every text, and makes visible what is hidden
 * in it.
 */
export function redactField(name: string, value: unknown): unknown {
  if (value === undefined || value === null) return value;
  if (isSecretField(name)) return REDACTED;
  return typeof value === 'string' ? visible(redactText(value)) : value;
}
