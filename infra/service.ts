/** The whole deployment, assembled from its fragments, as osls takes it. Pure: parameters in, service out. */
import type { AWS } from 'osls';
import { accessEntryResources } from './access-entries.ts';
import { alarmResources } from './alarms.ts';
import { type Outputs, type Resources, SERVICE_NAME } from './cloudformation.ts';
import { bucketResources, configSourceValue } from './config-place.ts';
import { dashboardResources } from './dashboard.ts';
import { ARCHITECTURE, functionsOf, RUNTIME } from './functions.ts';
import type { Parameters } from './parameters.ts';
import { roleArn, roleResources } from './roles.ts';
import { scheduleResources } from './schedule.ts';
import { tableName, tableResources } from './table.ts';
import { wakeOutputs, wakeResources } from './wake.ts';

export const DESCRIPTION = 'Autoscaler of Bitbucket Pipelines runners on Kubernetes';

/** The service. `region` is where it goes. */
export function serviceOf(parameters: Parameters, region: string): AWS {
  return {
    service: SERVICE_NAME,
    frameworkVersion: '4',
    configValidationMode: 'error',
    plugins: ['./infra/bundle-plugin.mjs', './infra/concurrency-plugin.mjs'],
    provider: {
      name: 'aws',
      runtime: RUNTIME,
      architecture: ARCHITECTURE,
      stage: parameters.stage,
      // osls knows the regions by name; which one it is, is a matter of the command line.
      region: region as NonNullable<AWS['provider']['region']>,
      versionFunctions: false,
      logRetentionInDays: parameters.logRetention,
      deploymentBucket: { blockPublicAccess: true },
      tags: { service: SERVICE_NAME },
      ...(parameters.vpc === undefined ? {} : { vpc: { ...lists(parameters.vpc) } }),
    },
    // The functions and what they share; the command line is not theirs.
    package: {
      patterns: ['!**', 'dist/**', '!dist/cli.js', '!dist/cli/**'],
      // The patterns leave out all packages; osls would ask npm twice for those that are not for production.
      excludeDevDependencies: false,
    },
    functions: functionsOf(parameters),
    resources: {
      Description: DESCRIPTION,
      Resources: resourcesOf(parameters),
      Outputs: outputsOf(parameters),
    },
  };
}

/** Everything but the functions, their logs and the bucket of their code, which osls makes. */
export function resourcesOf(parameters: Parameters): Resources {
  return {
    ...tableResources(parameters),
    ...bucketResources(parameters),
    ...roleResources(parameters),
    ...accessEntryResources(parameters),
    ...scheduleResources(parameters),
    ...alarmResources(parameters),
    ...dashboardResources(parameters),
    ...wakeResources(parameters),
  };
}

/** What somebody who configures the autoscaler has to know of the stack. */
export function outputsOf(parameters: Parameters): Outputs {
  return {
    ConfigSource: { Description: 'Where the configuration belongs', Value: configSourceValue(parameters) },
    StateTableName: { Description: 'The table of the state', Value: tableName(parameters) },
    ScaleRoleArn: { Description: 'Role of scale, for access entries and trust policies', Value: roleArn.scale },
    ReportRoleArn: { Description: 'Role of report, for access entries and trust policies', Value: roleArn.report },
    ...wakeOutputs(parameters),
  };
}

/** osls wants lists that may be written to. */
function lists({ subnetIds, securityGroupIds }: NonNullable<Parameters['vpc']>) {
  return { subnetIds: [...subnetIds], securityGroupIds: [...securityGroupIds] };
}
