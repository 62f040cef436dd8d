/** What reads other people's input: a plain example of each, and the reader. */

import { parseAnswer, RunnerPage, toRunner } from '#adapters/bitbucket/answers.ts';
import { PipelinePage, StepPage } from '#adapters/bitbucket/pipeline-answers.ts';
import { parsePipelines } from '#adapters/bitbucket/pipelines-yaml.ts';
import { stepsOf } from '#adapters/bitbucket/sections.ts';
import { jobPage, joinJobs, podPage } from '#adapters/kubernetes/job-objects.ts';
import { readConfig } from '#config/read.ts';
import { BUILT_IN_TEMPLATE } from '#manifests/built-in-template.ts';
import { parseTemplate } from '#manifests/template-parser.ts';
import { readHistory } from '#tools/history/read.ts';
import { migrate } from '#tools/migrate/migrate.ts';
import { readEvent } from '../../functions/event.ts';

export type Target = {
  /** One entry of it, which may be repeated between `before` and `after`. */
  readonly plain: { readonly before?: string; readonly entry: string; readonly after?: string };
  /** Throws what its caller foresees, and nothing else. */
  readonly read: (text: string) => unknown;
};

const GROUP = `  - name: builds
    workspace: acme
    labels: [builds, large]
    namespace: runners
    strategy: percentageRunnersIdle
    parameters: { min: 1, max: 10, scaleUpThreshold: 0.8, scaleDownThreshold: 0.2, scaleUpMultiplier: 1.5, scaleDownMultiplier: 0.5 }
`;

const JINJA = `  - kind: Job
    metadata: { name: "runner-<%runnerUuid%>" }
    {%- if repositoryUuid %}
    repository: <% repositoryUuid %>
    {%- endif %}
`;

const RUNNER = `{"uuid":"{11111111-1111-4111-8111-111111111111}","name":"r","labels":["linux"],"created_on":"2026-11-23T12:00:00.123456789Z","state":{"status":"ONLINE","step":{"uuid":"x"}}},`;
const PIPELINE = `{"uuid":"{1}","created_on":"2026-11-23T12:00:00Z","target":{"ref_type":"branch","ref_name":"feature/a","selector":{"type":"branches","pattern":"feature/*"},"commit":{"hash":"abc"}}},`;
const STEP = `{"name":"Build","state":{"name":"PENDING","stage":{"name":"x"}},"started_on":"2026-11-23T12:00:00Z"},`;
const POD = `{"metadata":{"name":"runner-1","uid":"u","creationTimestamp":"2026-11-23T12:00:00Z","labels":{"a":"b"},"ownerReferences":[{"uid":"u"}]},"spec":{"containers":[{"name":"runner","env":[{"name":"RUNNER_UUID"}]}]},"status":{"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable","message":"no node"}]}},`;
const LINE = `{"ready":"2026-11-23T12:00:00Z","durationMs":60000,"workspace":"acme","repository":"shop","labels":["linux"]}\n`;

const answer = (text: string) => ({ kind: 'answer', status: 200, headers: {}, text }) as const;
const page = (entry: string) => ({ before: '{"values":[', entry, after: `${entry.slice(0, -1)}],"next":null}` });

export const TARGETS: Readonly<Record<string, Target>> = {
  pipelines: {
    plain: {
      before: 'pipelines:\n  default:\n',
      entry:
        '    - step:\n        name: Build\n        runs-on: [self.hosted, linux]\n        script: [npm ci, npm test]\n',
      after: '  branches:\n    "{feature,fix}/*":\n      - step: { runs-on: linux }\n',
    },
    read: (text) => {
      const file = parsePipelines(text);
      return 'problem' in file ? file : stepsOf(file.sections, { section: 'branches', ref: 'feature/some-branch' });
    },
  },
  configuration: { plain: { before: 'groups:\n', entry: GROUP }, read: (text) => readConfig(text, 'r.yaml') },
  templates: {
    plain: { entry: BUILT_IN_TEMPLATE.text },
    read: (text) => parseTemplate({ name: 't', origin: 't.yaml', text }),
  },
  history: {
    plain: { entry: LINE },
    read: async (text) => {
      for await (const _ of readHistory(pieces(text), { name: 'h.jsonl' }).arrivals);
    },
  },
  migrate: { plain: { before: 'groups:\n', entry: GROUP }, read: (text) => migrate([{ source: 'c.yaml', text }]) },
  migrateTemplates: {
    plain: { before: 'kind: List\nitems:\n', entry: JINJA },
    read: (text) => migrate([{ source: 'job.yaml.template', text }]),
  },
  migrateConfigMaps: {
    plain: {
      before:
        'kind: ConfigMap\nmetadata: { name: runner-config }\ndata:\n  job.yaml.template: |\n    kind: List\n    items:\n',
      entry: JINJA.replaceAll(/^/gm, '    ').trimEnd(),
    },
    read: (text) => migrate([{ source: 'configmap.yaml', text }]),
  },
  runners: {
    plain: page(RUNNER),
    read: (text) => parseAnswer(RunnerPage, answer(text), 'Listing').values.map((each) => toRunner(each, 0)),
  },
  openPipelines: { plain: page(PIPELINE), read: (text) => parseAnswer(PipelinePage, answer(text), 'Listing') },
  steps: { plain: page(STEP), read: (text) => parseAnswer(StepPage, answer(text), 'Listing') },
  pods: {
    plain: { before: '{"items":[', entry: POD, after: `${POD.slice(0, -1)}]}` },
    read: (text) => {
      const value: unknown = parsedOrText(text);
      const [jobs, pods] = [jobPage.safeParse(value).data?.items, podPage.safeParse(value).data?.items];
      return joinJobs(jobs ?? [], pods ?? []);
    },
  },
  events: {
    plain: { before: '{"dryRun":true,"groups":[', entry: '"a",', after: '"b"]}' },
    read: (text) => readEvent(parsedOrText(text)),
  },
};

function parsedOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

async function* pieces(text: string): AsyncGenerator<string> {
  yield text;
}
