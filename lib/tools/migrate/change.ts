/** What a migration did and why: the list that is printed, and that `--json` gives to machines. */

/** The two files that a migration writes. */
export const CONFIG_FILE = 'runners_config.yaml';
export const TEMPLATE_FILE = 'job-template.yaml';

export type ChangeCode =
  | 'template-language'
  | 'size-on-docker'
  | 'amounts-to-groups'
  | 'native-sidecar'
  | 'ttl'
  | 'pod-replacement'
  | 'grace-period'
  | 'mandatory-labels'
  | 'polling'
  | 'pauses'
  | 'cool-down'
  | 'template-named'
  | 'built-in-template'
  | 'credential';

export type Change = {
  readonly code: ChangeCode;
  /** The file that the change is in; absent for what is not written to any file. */
  readonly file?: typeof CONFIG_FILE | typeof TEMPLATE_FILE;
  readonly what: string;
  readonly why: string;
};
