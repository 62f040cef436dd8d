// Plays the Lambda runtime for one function: imports the bundle named on the command line, then invokes its exported
// handler for every message, as a warm function is, and answers with what came of it.
import process from 'node:process';

// Its clock, which invocations may set ahead of the machine's.
const Machine = Date;
let aheadMs = 0;
globalThis.Date = class extends Machine {
  constructor(...given) {
    super(...(given.length === 0 ? [Date.now()] : given));
  }
  static now() {
    return Machine.now() + aheadMs;
  }
};

const { handler } = await import(process.argv[2]);

process.on('message', async ({ event, requestId, remainingMs, clockAheadMs }) => {
  aheadMs = clockAheadMs;
  const context = {
    awsRequestId: requestId,
    functionName: 'scale',
    functionVersion: '$LATEST',
    invokedFunctionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:scale',
    memoryLimitInMB: '256',
    getRemainingTimeInMillis: () => remainingMs,
  };
  try {
    process.send({ report: await handler(event, context) });
  } catch (error) {
    process.send({ error: { name: error.name, message: error.message, stack: error.stack } });
  }
});
process.send({ ready: true });
