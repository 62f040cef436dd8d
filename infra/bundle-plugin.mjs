/** Builds the functions in dist/ before osls packages it, and before a function is invoked from here. */
export default class BundlePlugin {
  constructor() {
    const build = async () => {
      const { bundleFunctions } = await import('../esbuild.config.mjs');
      await bundleFunctions();
    };
    this.hooks = {
      'before:package:createDeploymentArtifacts': build,
      'before:invoke:local:invoke': build,
    };
  }
}
