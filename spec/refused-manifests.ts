/**
 * Changes to the built-in template that Kubernetes refuses, and what `validate` says of each. The same rows are sent to
 * a real API server, so that nothing is called wrong here which a cluster would take.
 */

/** Paths of the built-in template's containers. */
export const POD = 'spec.template.spec';
export const RUNNER = `${POD}.containers[0]`;
export const DOCKER = `${POD}.initContainers[0]`;

/** One change: the passage `from` becomes `to`; then `expected` is the only problem, without its place in the text. */
export type RefusedRow = readonly [name: string, from: string, to: string, expected: string];

/** Fields that are unknown, missing or of another type. */
export const STRUCTURE: readonly RefusedRow[] = [
  [
    'an unknown field of the Job',
    'ttlSecondsAfterFinished: 600',
    'ttlSecondAfterFinished: 600',
    'spec.ttlSecondAfterFinished: unknown field (did you mean "ttlSecondsAfterFinished"?)',
  ],
  [
    'an unknown field of a container',
    'image: docker:dind',
    'image: docker:dind\n              imagePullpolicy: Always',
    `${DOCKER}.imagePullpolicy: unknown field (did you mean "imagePullPolicy"?)`,
  ],
  ['an unknown field like nothing', 'type: Opaque', 'type: Opaque\n    colour: red', 'colour: unknown field'],
  [
    'a number in quotes',
    'backoffLimit: 6',
    'backoffLimit: "3"',
    'spec.backoffLimit: expected a whole number, got the text "3"; remove the quotes',
  ],
  [
    'a fraction',
    'backoffLimit: 6',
    'backoffLimit: 1.5',
    'spec.backoffLimit: expected a whole number, got the number 1.5',
  ],
  [
    'a boolean without quotes',
    'runnerNamespace: "{{runnerNamespace}}"',
    'runnerNamespace: true',
    'metadata.labels.runnerNamespace: expected text, got the boolean true; put it in quotes',
  ],
  [
    'the yes of YAML 1.1',
    'value: /tmp',
    'value: yes',
    `${RUNNER}.env[5].value: expected text, got the boolean true; put it in quotes`,
  ],
  [
    'a boolean in quotes',
    'privileged: true',
    'privileged: "true"',
    `${DOCKER}.securityContext.privileged: expected true or false, got the text "true"; remove the quotes`,
  ],
  [
    'text for a list',
    'command: [docker, version]',
    'command: docker version',
    `${DOCKER}.startupProbe.exec.command: expected a list (- item), got the text "docker version"`,
  ],
  [
    'a list for a mapping',
    'securityContext:\n                privileged: true',
    'securityContext: [privileged]',
    `${DOCKER}.securityContext: expected a mapping (key: value), got a list`,
  ],
  [
    'a variable that is a list, where text is wanted',
    'value: /tmp',
    'value: "{{labels}}"',
    `${RUNNER}.env[5].value: expected text, got a list`,
  ],
  ['a missing name', '- name: docker\n', '- tty: true\n', `${DOCKER}.name: is missing`],
  ['a missing image', 'image: docker:dind', 'tty: true', `${DOCKER}.image: is missing`],
  ['a null is a missing one', 'mountPath: /tmp', 'mountPath:', `${DOCKER}.volumeMounts[0].mountPath: is missing`],
  [
    'data that is not base64',
    '"{{oauthClientId_base64}}"',
    '"{{runnerName}}"',
    'data.oauthClientId: expected base64, got the text "Runner group 1"',
  ],
  ['a number for text', 'type: Opaque', 'type: 3', 'type: expected text, got the number 3; put it in quotes'],
];

/** Values that break a rule of their own. */
export const VALUES: readonly RefusedRow[] = [
  [
    'a container’s name',
    '- name: docker\n',
    '- name: Docker_1\n',
    `${DOCKER}.name: "Docker_1" is not a valid name: at most 63 lower-case letters, digits and dashes, and no dash at its ends`,
  ],
  [
    'a label’s value made of a variable',
    'runnerUuid: "{{runnerUuid}}"',
    'runnerUuid: "{{runnerUuid}} {{group}}"',
    'metadata.labels.runnerUuid: "{{runnerUuid}} Runner group 1" is not a Kubernetes label value: at most 63 letters, digits, dashes, dots and underscores',
  ],
  [
    'a label’s key',
    'runnerUuid: "{{runnerUuid}}"',
    'runner uuid: x',
    'metadata.labels["runner uuid"]: "runner uuid" is not a Kubernetes label key such as "customer" or "example.com/pool"',
  ],
  [
    'a quantity',
    'memory: 512Mi',
    'memory: 512MB',
    `${RUNNER}.resources.requests.memory: "512MB" is not a quantity; write it as 512Mi, 4Gi, 500m or 2`,
  ],
  [
    'a negative quantity',
    'cpu: 250m',
    'cpu: -1',
    `${RUNNER}.resources.requests.cpu: -1 is a negative quantity; it has to be at least 0`,
  ],
  [
    'a request above its limit',
    'memory: 512Mi',
    'memory: 2Gi',
    `${RUNNER}.resources.requests.memory: is 2Gi, which is more than the limit (1Gi); Kubernetes refuses such pods`,
  ],
  [
    'a word',
    'restartPolicy: OnFailure',
    'restartPolicy: onfailure',
    `${POD}.restartPolicy: expected one of OnFailure, Never, got "onfailure" (did you mean "OnFailure"?)`,
  ],
  [
    'Always, which Jobs do not know',
    'restartPolicy: OnFailure',
    'restartPolicy: Always',
    `${POD}.restartPolicy: expected one of OnFailure, Never, got "Always"`,
  ],
  [
    'a number below its range',
    'backoffLimit: 6',
    'backoffLimit: -1',
    'spec.backoffLimit: expected a number of at least 0, got -1',
  ],
  [
    'a port',
    'image: docker:dind',
    'image: docker:dind\n              ports: [{ containerPort: 70000 }]',
    `${DOCKER}.ports[0].containerPort: expected a number of at most 65535, got 70000`,
  ],
  [
    'a key of the Secret',
    'oauthClientId: "',
    'oauth client: eHg=\n      oauthClientId: "',
    'data["oauth client"]: "oauth client" is not a valid key: letters, digits, dashes, dots and underscores',
  ],
  [
    'a port’s name',
    'image: docker:dind',
    'image: docker:dind\n              ports: [{ containerPort: 80, name: Web }]',
    `${DOCKER}.ports[0].name: "Web" is not a valid port name: at most 15 lower-case letters, digits and single dashes, with at least one letter`,
  ],
  [
    'a mode that is none',
    'emptyDir: {}',
    'secret: { secretName: x, defaultMode: 1000 }',
    `${POD}.volumes[0].secret.defaultMode: expected a number of at most 511, got 1000`,
  ],
  [
    'a name of a priority class',
    'automountServiceAccountToken: false',
    'priorityClassName: High Priority',
    `${POD}.priorityClassName: "High Priority" is not a Kubernetes object name: lower-case letters, digits, dashes and dots, and none of these at its ends`,
  ],
  [
    'a name of a service account',
    'automountServiceAccountToken: false',
    'serviceAccountName: Build_er',
    `${POD}.serviceAccountName: "Build_er" is not a Kubernetes object name: lower-case letters, digits, dashes and dots, and none of these at its ends`,
  ],
  [
    'a word of a pull policy',
    'image: docker:dind',
    'image: docker:dind\n              imagePullPolicy: Sometimes',
    `${DOCKER}.imagePullPolicy: expected one of Always, IfNotPresent, Never, got "Sometimes"`,
  ],
  [
    'an effect of a toleration',
    'automountServiceAccountToken: false',
    'tolerations: [{ operator: Exists, effect: noSchedule }]',
    `${POD}.tolerations[0].effect: expected one of NoSchedule, PreferNoSchedule, NoExecute, got "noSchedule" (did you mean "NoSchedule"?)`,
  ],
  [
    'a probe without patience',
    'periodSeconds: 1',
    'periodSeconds: -1',
    `${DOCKER}.startupProbe.periodSeconds: expected a number of at least 1, got -1`,
  ],
  [
    'a user below zero',
    'privileged: true',
    'privileged: true\n                runAsUser: -1',
    `${DOCKER}.securityContext.runAsUser: expected a number of at least 0, got -1`,
  ],
  [
    'a size limit',
    'emptyDir: {}',
    'emptyDir: { sizeLimit: lots }',
    `${POD}.volumes[0].emptyDir.sizeLimit: "lots" is not a quantity; write it as 512Mi, 4Gi, 500m or 2`,
  ],
  [
    'a policy of replacement',
    'podReplacementPolicy: Failed',
    'podReplacementPolicy: Never',
    'spec.podReplacementPolicy: expected one of TerminatingOrFailed, Failed, got "Never"',
  ],
  [
    'a mode of completion',
    'completions: 1',
    'completionMode: indexed',
    'spec.completionMode: expected one of NonIndexed, Indexed, got "indexed" (did you mean "Indexed"?)',
  ],
  [
    'a DNS policy',
    'automountServiceAccountToken: false',
    'dnsPolicy: Cluster',
    `${POD}.dnsPolicy: expected one of ClusterFirst, ClusterFirstWithHostNet, Default, None, got "Cluster"`,
  ],
  [
    'a node selector’s value',
    'kubernetes.io/os: linux',
    'kubernetes.io/os: "linux or so"',
    `${POD}.nodeSelector["kubernetes.io/os"]: "linux or so" is not a Kubernetes label value: at most 63 letters, digits, dashes, dots and underscores`,
  ],
  [
    'a key of an annotation',
    'template:\n        metadata:\n',
    'template:\n        metadata:\n          annotations: { not/a/key: x }\n',
    'spec.template.metadata.annotations["not/a/key"]: "not/a/key" is not a Kubernetes label key such as "customer" or "example.com/pool"',
  ],
  [
    'a resource that does not exist',
    'memory: 512Mi',
    'memroy: 512Mi',
    `${RUNNER}.resources.requests.memroy: "memroy" is not a resource: cpu, memory, ephemeral-storage, or one with a domain such as nvidia.com/gpu`,
  ],
];

/** Parts of a pod that contradict each other. */
export const RELATIONS: readonly RefusedRow[] = [
  [
    'two containers of one name',
    '- name: runner\n',
    '- name: docker\n',
    `${RUNNER}.name: "docker" is a container already; rename or remove one of them`,
  ],
  [
    'a variable with value and valueFrom',
    '- name: OAUTH_CLIENT_ID\n',
    '- name: OAUTH_CLIENT_ID\n                  value: x\n',
    `${RUNNER}.env[3].valueFrom: excludes value; keep one`,
  ],
  [
    'two kinds of volume in one',
    'emptyDir: {}',
    'emptyDir: {}\n              hostPath: { path: /x }',
    `${POD}.volumes[0].hostPath: excludes emptyDir; keep one of them`,
  ],
  [
    'a toleration without a key',
    'automountServiceAccountToken: false',
    'tolerations: [{ effect: NoSchedule }]',
    `${POD}.tolerations[0]: has no key; give one, or write "operator: Exists" to tolerate every taint`,
  ],
  [
    'two volumes of one name',
    '- name: docker-containers\n              emptyDir: {}',
    '- name: docker-containers\n            - name: docker-containers\n              emptyDir: {}',
    `${POD}.volumes[2].name: "docker-containers" is a volume already; rename or remove one of them`,
  ],
  [
    'two mounts at one place',
    'mountPath: /var/run',
    'mountPath: /tmp',
    `${DOCKER}.volumeMounts[2].mountPath: "/tmp" is a mount of this container already; rename or remove one of them`,
  ],
  [
    'a variable from two places',
    'key: oauthClientId\n',
    'key: oauthClientId\n                    fieldRef: { fieldPath: metadata.name }\n',
    `${RUNNER}.env[3].valueFrom.fieldRef: excludes secretKeyRef; keep one of them`,
  ],
  [
    'a variable from nowhere',
    '- name: WORKING_DIRECTORY\n                  value: /tmp',
    '- name: WORKING_DIRECTORY\n                  valueFrom: {}',
    `${RUNNER}.env[5].valueFrom: says nothing; give exactly one kind`,
  ],
  [
    'a probe that asks in two ways',
    'periodSeconds: 1',
    'tcpSocket: { port: 2375 }',
    `${DOCKER}.startupProbe.tcpSocket: excludes exec; keep one of them`,
  ],
  [
    'a toleration of any value with a value',
    'automountServiceAccountToken: false',
    'tolerations: [{ key: a, operator: Exists, value: b }]',
    `${POD}.tolerations[0].value: means nothing with "operator: Exists"; remove one of them`,
  ],
  [
    'a toleration with a time and no eviction',
    'automountServiceAccountToken: false',
    'tolerations: [{ key: a, operator: Exists, tolerationSeconds: 5 }]',
    `${POD}.tolerations[0].tolerationSeconds: needs "effect: NoExecute"`,
  ],
];

/** What an API server takes in a Job and of which no pod can ever start. */
export const UNSTARTABLE: readonly RefusedRow[] = [
  [
    'an image with a space',
    'image: docker:dind',
    'image: " docker:dind"',
    `${DOCKER}.image: " docker:dind" is not an image: it is empty or holds a space`,
  ],
  [
    'a path with a colon',
    'mountPath: /var/run',
    'mountPath: /var:/run',
    `${DOCKER}.volumeMounts[2].mountPath: "/var:/run" is not a path inside a container: it is empty or holds a colon`,
  ],
  [
    'a name of a volume claim',
    'emptyDir: {}',
    'persistentVolumeClaim: { claimName: My_Claim }',
    `${POD}.volumes[0].persistentVolumeClaim.claimName: "My_Claim" is not a Kubernetes object name: lower-case letters, digits, dashes and dots, and none of these at its ends`,
  ],
];
