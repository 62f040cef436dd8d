/** The forms that parameters may have. Pure. */

/** Whether the text is an ARN of this service; `resource` is the expression of what stands after the account. */
export function isArn(text: string, service: string, resource: string): boolean {
  return new RegExp(`^arn:aws(-[a-z-]+)?:${service}:[a-z0-9-]*:\\d{12}:${resource}$`).test(text);
}

/** Whether the text is the ARN of a managed policy, of an account or of AWS itself. */
export function isPolicy(text: string): boolean {
  return /^arn:aws(-[a-z-]+)?:iam::(\d{12}|aws):policy\/[\w/+=,.@-]+$/.test(text);
}

/** Whether functions can read a configuration from there: `s3://bucket/key` or `ssm:/name`. */
export function isConfigSource(text: string): boolean {
  return (
    /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\/[\w./=@+-]*[^/*\s]$/.test(text) ||
    /^ssm:(?:[\w.-]+|(?:\/[\w.-]+)+)$/.test(text)
  );
}

/** The parts of a list with commas, without blanks and empty ones. */
export function namedIn(list: string | undefined): readonly string[] {
  return (list ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
