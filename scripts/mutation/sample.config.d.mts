import type whole from '../../stryker.config.mjs';

declare const configuration: typeof whole;

export default configuration;
