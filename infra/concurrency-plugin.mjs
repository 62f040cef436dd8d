/** Asks the account, before a deployment, whether it can reserve what the stack wants. */
export default class ConcurrencyPlugin {
  constructor(serverless) {
    this.hooks = {
      'before:deploy:deploy': async () => {
        const { name, reservedConcurrency } = serverless.service.functions.scale;
        if (reservedConcurrency === undefined) return;
        const { complaintOfAccount } = await import('./concurrency.ts');
        const settings = await serverless.getProvider('aws').getAwsSdkV3Config();
        const complaint = await complaintOfAccount(settings, name, reservedConcurrency);
        // By this name osls prints an error without a stack.
        if (complaint !== undefined) throw Object.assign(new Error(complaint), { name: 'ServerlessError' });
      },
    };
  }
}
