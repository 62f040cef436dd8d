/**
 * The Job template of groups that bring none: a runner and the Docker daemon in which its steps run. It is an ordinary
 * template, made to be printed, copied and changed. Node selector, tolerations, service account, priority class and
 * extra environment of a group, and the marks that protect working pods, are applied to every template and so are not in
 * it.
 */
import type { JobTemplate } from '#core/model/configuration.ts';

const TEXT = `# Kubernetes 1.29 or newer. A scalar may hold {{variables}}; an entry whose variable has no value is left out.
apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: Secret
    metadata:
      name: runner-oauth-credentials-{{runnerUuid}}
      namespace: "{{runnerNamespace}}"
      labels:
        accountUuid: "{{accountUuid}}"
        repositoryUuid: "{{repositoryUuid}}"
        runnerUuid: "{{runnerUuid}}"
        runnerNamespace: "{{runnerNamespace}}"
    type: Opaque
    data:
      oauthClientId: "{{oauthClientId_base64}}"
      oauthClientSecret: "{{oauthClientSecret_base64}}"
  - apiVersion: batch/v1
    kind: Job
    metadata:
      name: runner-{{runnerUuid}}
      namespace: "{{runnerNamespace}}"
      labels:
        accountUuid: "{{accountUuid}}"
        repositoryUuid: "{{repositoryUuid}}"
        runnerUuid: "{{runnerUuid}}"
        runnerNamespace: "{{runnerNamespace}}"
    spec:
      completions: 1
      parallelism: 1
      # A container that crashes is restarted in its pod; the sixth time, over the pod's whole life, ends the Job. A new
      # pod waits until the old one is gone: two processes with one RUNNER_UUID would take each other's steps.
      backoffLimit: 6
      podReplacementPolicy: Failed
      # Long enough to read the log of a runner that has ended.
      ttlSecondsAfterFinished: 600
      template:
        metadata:
          labels:
            accountUuid: "{{accountUuid}}"
            repositoryUuid: "{{repositoryUuid}}"
            runnerUuid: "{{runnerUuid}}"
            runnerNamespace: "{{runnerNamespace}}"
        spec:
          restartPolicy: OnFailure
          # A step may run for 120 minutes; one minute more to report its end.
          terminationGracePeriodSeconds: 7260
          automountServiceAccountToken: false
          enableServiceLinks: false
          nodeSelector:
            kubernetes.io/os: linux
            kubernetes.io/arch: "{{architecture}}"
          initContainers:
            # A native sidecar: it ends with the runner, so that the Job can complete. Steps run inside it, so it
            # carries the size.
            - name: docker
              image: docker:dind
              restartPolicy: Always
              securityContext:
                privileged: true
              startupProbe:
                exec:
                  command: [docker, version]
                periodSeconds: 1
                timeoutSeconds: 5
                failureThreshold: 120
              resources:
                requests:
                  memory: "{{requests_memory}}"
                  cpu: "{{requests_cpu}}"
                limits:
                  memory: "{{limits_memory}}"
                  cpu: "{{limits_cpu}}"
              volumeMounts:
                - name: tmp
                  mountPath: /tmp
                - name: docker-containers
                  mountPath: /var/lib/docker/containers
                - name: var-run
                  mountPath: /var/run
          containers:
            - name: runner
              image: docker-public.packages.atlassian.com/sox/atlassian/bitbucket-pipelines-runner:1
              # It has Docker's socket, so this keeps no build from the node; it keeps a fault of the runner itself small.
              securityContext:
                allowPrivilegeEscalation: false
                capabilities:
                  drop: [ALL]
                  # Root without them cannot work on files that a step left as another user.
                  add: [CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, SETGID, SETUID]
                seccompProfile:
                  type: RuntimeDefault
              resources:
                requests:
                  memory: 512Mi
                  cpu: 250m
                limits:
                  memory: 1Gi
              env:
                - name: ACCOUNT_UUID
                  value: "{{{accountUuid}}}"
                - name: REPOSITORY_UUID
                  value: "{{{repositoryUuid}}}"
                - name: RUNNER_UUID
                  value: "{{{runnerUuid}}}"
                - name: OAUTH_CLIENT_ID
                  valueFrom:
                    secretKeyRef:
                      name: runner-oauth-credentials-{{runnerUuid}}
                      key: oauthClientId
                - name: OAUTH_CLIENT_SECRET
                  valueFrom:
                    secretKeyRef:
                      name: runner-oauth-credentials-{{runnerUuid}}
                      key: oauthClientSecret
                - name: WORKING_DIRECTORY
                  value: /tmp
                - name: RUNTIME_PREREQUISITES_ENABLED
                  value: "true"
              volumeMounts:
                - name: tmp
                  mountPath: /tmp
                - name: docker-containers
                  mountPath: /var/lib/docker/containers
                  readOnly: true
                - name: var-run
                  mountPath: /var/run
          volumes:
            - name: tmp
              emptyDir: {}
            - name: docker-containers
              emptyDir: {}
            - name: var-run
              emptyDir: {}
`;

/** The built-in template; `text` can be printed, copied and given back as a group's own. */
export const BUILT_IN_TEMPLATE: JobTemplate = { name: 'built-in', origin: 'built-in job template', text: TEXT };
