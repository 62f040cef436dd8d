/** Builds dist/ before osls packages it, and before a function is invoked from here. */
export default class BundlePlugin {
  constructor() {
    const build = async () => {
      const { bundle } = await import('../esbuild.config.mjs');
      await bundle();
    };
    this.hooks = {
      'before:package:createDeploymentArtifacts': build,
      'before:invoke:local:invoke': build,
    };
  }
}
