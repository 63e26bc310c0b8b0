/** What agents are called: contacts and notes have their ids. */
let names: ReadonlyMap<string, string> = new Map();

export function learnColleagues(members: Iterable<{ readonly agent: string; readonly name: string }>): void {
  names = new Map([...names, ...[...members].map(({ agent, name }) => [agent, name] as const)]);
}

/** An agent's name; what an id is of that is no agent's, as it is. */
export const colleague = (agent: string): string => names.get(agent) || agent;
