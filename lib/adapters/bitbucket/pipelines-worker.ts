/** The inside of the box: it says that it is there, then a text comes in and its sections go out. */
import { parentPort } from 'node:worker_threads';
import { parsePipelines } from './pipelines-yaml.ts';

// A text may have thousands of errors, of which one is told and no stack.
Error.stackTraceLimit = 0;

parentPort?.on('message', (text: string) => parentPort?.postMessage(parsePipelines(text)));
parentPort?.postMessage('ready');
