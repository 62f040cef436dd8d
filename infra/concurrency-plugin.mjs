/** Asks the account, before a deployment, whether it can reserve what the stack wants. */
export default class ConcurrencyPlugin {
  constructor(serverless) {
    this.hooks = {
      'before:deploy:deploy': async () => {
        const reserving = Object.values(serverless.service.functions).filter(
          (one) => one.reservedConcurrency !== undefined,
        );
        if (reserving.length === 0) return;
        const { complaintOfAccount } = await import('./concurrency.ts');
        const settings = await serverless.getProvider('aws').getAwsSdkV3Config();
        const wanted = reserving.reduce((sum, { reservedConcurrency }) => sum + reservedConcurrency, 0);
        const names = reserving.map(({ name }) => name);
        const complaint = await complaintOfAccount(settings, names, wanted);
        // By this name osls prints an error without a stack.
        if (complaint !== undefined) throw Object.assign(new Error(complaint), { name: 'ServerlessError' });
      },
    };
  }
}
