/** The sentences of a migration: what changes and why. They are printed, and part of the JSON document. */

/** The two files that a migration writes. */
export const CONFIG_FILE = 'runners_config.yaml';
export const TEMPLATE_FILE = 'job-template.yaml';

/** The shapes of credential that Atlassian's autoscaler has known, oldest first. */
export type CredentialKind = 'appPassword' | 'oauth' | 'apiToken';

export type MigrationChange = {
  readonly code: string;
  /** The file that the change is in; absent for what is not written to any file. */
  readonly file?: typeof CONFIG_FILE | typeof TEMPLATE_FILE;
  readonly what: string;
  readonly why: string;
};

type Sentences = Pick<MigrationChange, 'what' | 'why'>;

function inConfig(code: string, sentences: Sentences): MigrationChange {
  return { code, file: CONFIG_FILE, ...sentences };
}

function inTemplate(code: string, sentences: Sentences): MigrationChange {
  return { code, file: TEMPLATE_FILE, ...sentences };
}

/* The configuration */

export const pollingChange = (key: string, interval: string) =>
  inConfig('polling', {
    what: `${key} (${interval}) is gone: the schedule of the function, each minute, or "run --every" says how often the groups are looked at`,
    why: 'a look costs one list per workspace or repository, whatever the number of groups, so there is no need to wait',
  });

export const pausesChange = (keys: readonly string[]) =>
  inConfig('pauses', {
    what: `${keys.join(' and ')} ${keys.length === 1 ? 'is' : 'are'} gone: maxCreatesPerTick and drainGrace of a group take their place and have defaults`,
    why: 'runners are created side by side, and disabled on one tick and deleted on a later one, so no pause is needed',
  });

export const coolDownChange = (key: string, seconds: string) =>
  inConfig('cool-down', {
    what: `${key} (${seconds}) stays, with a better meaning: how long a runner must have been seen idle`,
    why: 'it counted from when the runner was set up, so a runner that had just finished a step could go at once',
  });

export const templateNamedChange = (name: string) =>
  inConfig('template-named', {
    what: `jobTemplates names ${TEMPLATE_FILE} "${name}", and every group refers to it`,
    why: 'groups may have different templates, or none, which is the built-in one',
  });

/** `settings`: what every group says now instead of the template. */
export const builtInChange = (settings: readonly string[]) =>
  builtIn(
    `no Job template is needed, as the built-in one says the same and more${settings.length === 0 ? '' : `; ${settings.join(', ')} of the template moved to every group`}`,
  );

export const noTemplateChange = () =>
  builtIn(
    'no Job template was given, so every group uses the built-in one; give job.yaml.template too to keep what you changed there',
  );

function builtIn(what: string): MigrationChange {
  return inConfig('built-in-template', {
    what,
    why: 'it has docker as a native sidecar with the size of the group, a time to live and a grace period as long as a step',
  });
}

/* The Job template */

export const LANGUAGE = inTemplate('template-language', {
  what: '<%variables%> are {{variables}}, and the lines with {% if %} are gone',
  why: 'the YAML is read before values are filled in, so no value can change its structure; an entry whose variable has no value is left out by itself',
});

export const SIZE_MOVED = inTemplate('size-on-docker', {
  what: 'memory and cpu are on the container docker, from the size or resources of the group, and limit steps from now on; the container runner has 512Mi and 250m, at most 1Gi',
  why: 'steps run inside docker, which had neither request nor limit: nodes were packed by the wrong container, and one build could take the memory of all',
});

export const NODE_SELECTOR = inTemplate('node-selector', {
  what: 'the lines that wrote node_selector are gone; node_selector of a group stays as it is',
  why: "a group's node selector is laid over the pod of any template, so a template needs no loop for it",
});

/** `given`: the amounts of the template, such as `limits.memory 8Gi`. */
export const amountsChange = (given: string, isSizeOne: boolean): MigrationChange =>
  isSizeOne
    ? inTemplate('amounts-to-groups', {
        what: `${given} became size 1x, the default: 4Gi and 1000m, memory limited`,
        why: 'these are the amounts of the guide; steps had no CPU limit until now and get none',
      })
    : {
        code: 'amounts-to-groups',
        what: `${given} are under resources of every group that had none`,
        why: 'amounts belong to the group, so that one template serves groups of any size',
      };

export const NATIVE_SIDECAR = inTemplate('native-sidecar', {
  what: 'the container docker is under initContainers, with "restartPolicy: Always": a native sidecar (Kubernetes 1.29 or newer)',
  why: 'it ends with the runner; as an ordinary container it lived on, a zombie pod whose Job never completed',
});

export const TIME_TO_LIVE = inTemplate('ttl', {
  what: '"ttlSecondsAfterFinished: 600" is on the Job',
  why: 'finished Jobs go by themselves, after enough time to read their log',
});

export const POD_REPLACEMENT = inTemplate('pod-replacement', {
  what: '"podReplacementPolicy: Failed" is on the Job',
  why: "a new pod waits until the old one is gone: two processes with one RUNNER_UUID take each other's steps",
});

export const GRACE_PERIOD = inTemplate('grace-period', {
  what: '"terminationGracePeriodSeconds: 7260" is on the pod',
  why: 'a pod that is asked to go has the time that a step takes, 120 minutes at most, instead of 30 seconds',
});

export const MANDATORY_LABELS = inTemplate('mandatory-labels', {
  what: 'labels and names that were mandatory stay, but nothing depends on the labels any more',
  why: 'names, namespace and the labels by which runners are found again are put on every object after rendering',
});

/* The credential */

const SCOPES = 'read:runner:bitbucket, write:runner:bitbucket, read:workspace:bitbucket and read:repository:bitbucket';
const STORE = 'in a secret of AWS Secrets Manager that BITBUCKET_SECRET_ID names';
const NOT_KEPT =
  'no part of the autoscaler runs in the cluster, so its credential is not kept there; the value in these files was not read';

/** What to create instead of a credential that the files name. */
export const credentialChange = (kind: CredentialKind): MigrationChange => ({
  code: 'credential',
  ...CREDENTIALS[kind],
});

const CREDENTIALS: Readonly<Record<CredentialKind, Sentences>> = {
  appPassword: {
    what: `instead of the app password, create an API token with the scopes ${SCOPES}, and put {"kind":"apiToken","email":"…","token":"…"} ${STORE}`,
    why: 'app passwords stopped working on 28 July 2026; the value in these files was not read',
  },
  oauth: {
    what: `the OAuth consumer stays usable, as a private one with the scopes runner, runner:write, account and repository: put {"kind":"oauth","clientId":"…","clientSecret":"…"} ${STORE}`,
    why: NOT_KEPT,
  },
  apiToken: {
    what: `the API token stays usable if it has the scopes ${SCOPES}: put {"kind":"apiToken","email":"…","token":"…"} ${STORE}`,
    why: NOT_KEPT,
  },
};
