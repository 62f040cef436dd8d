/**
 * The deployment, for osls. Parameters come from `stages/STAGE.yaml`, from `--param name=value` or from variables
 * `AUTOSCALER_NAME`, and are checked before anything else happens; docs/deploy.md lists them.
 */
import { readDeployment } from './infra/deployment.ts';
import { findStageFile } from './infra/find-stage-file.ts';

export default readDeployment(process.argv.slice(2), process.env, findStageFile);
