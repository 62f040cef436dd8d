// Plays the Lambda runtime for a measured function: imports the bundle named on the command line, invokes its handler
// for every message, and answers with what it took. JavaScript, because the compiler of type annotations would be
// measured, too.
import { registerHooks } from 'node:module';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';

const files = [];
if (process.argv.includes('--files')) {
  registerHooks({
    load(url, context, nextLoad) {
      if (url.startsWith('file:')) files.push(fileURLToPath(url));
      return nextLoad(url, context);
    },
  });
}

// What a function writes is what its log group is billed for; here only its size matters, and the metrics in it.
let loggedBytes = 0;
// Names of metrics, which CloudWatch reads from the log.
const metrics = new Set();
process.stdout.write = (chunk) => {
  loggedBytes += Buffer.byteLength(chunk);
  if (chunk.includes('"CloudWatchMetrics"')) {
    const sets = JSON.parse(chunk)._aws.CloudWatchMetrics;
    for (const { Name } of sets.flatMap(({ Metrics }) => Metrics)) metrics.add(Name);
  }
  return true;
};

async function measure(act) {
  const loggedBefore = loggedBytes;
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  const error = await act().then(
    () => undefined,
    (thrown) => String(thrown),
  );
  const wallMs = performance.now() - start;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { wallMs, cpuMs: (user + system) / 1000, loggedBytes: loggedBytes - loggedBefore, error };
}

let handler;
const init = await measure(async () => {
  ({ handler } = await import(pathToFileURL(process.argv[2]).href));
});

process.on('message', async () => {
  const deadline = Date.now() + 55_000;
  const context = {
    awsRequestId: 'bench',
    functionName: 'scale',
    functionVersion: '$LATEST',
    invokedFunctionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:scale',
    memoryLimitInMB: '512',
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
  const measured = await measure(() => handler({}, context));
  process.send({ ...measured, files, metrics: [...metrics], maxRssMegabytes: process.resourceUsage().maxRSS / 1024 });
});
process.send(init);
