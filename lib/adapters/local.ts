/** What a machine of one's own has beside the services: kubeconfigs and SQLite databases. Functions never load it. */
import type { LocalConnectors } from './wiring.ts';

/** The connectors of a command; each is loaded when it is first used. `tell` takes a sentence for the user. */
export function localConnectors(tell: (sentence: string) => void): LocalConnectors {
  return {
    connectKubeconfig: async (settings, options) => {
      const { connectKubeconfig } = await import('./kubernetes/kubeconfig.ts');
      return connectKubeconfig(settings, options);
    },
    openDatabase: async (path, formerFile) => {
      const { createSqliteStateStore } = await import('./state/sqlite.ts');
      return createSqliteStateStore(path, { tell, ...(formerFile === undefined ? {} : { formerFile }) });
    },
  };
}
