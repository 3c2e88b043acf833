/** Git settings of the agent and its tools, handed over in the environment so that no file of a snapshot holds them. */

export type InsteadOf = {
  /** The repository's true URL, a prefix of what is asked for. */
  from: string;
  /** Where requests for it go. */
  to: string;
};

export type GitEnvironmentInput = {
  user: { name: string; email: string };
  insteadOf: readonly InsteadOf[];
};

/** Settings given this way win over every file; commits are the user's, marked as made by Harvest. */
export function gitEnvironment(input: GitEnvironmentInput): Record<string, string> {
  const settings: [string, string][] = [
    ['user.name', `${input.user.name} (Harvest)`],
    ['user.email', input.user.email],
    // An empty helper drops those that the image's own configuration names.
    ['credential.helper', ''],
    ['push.autoSetupRemote', 'true'],
    ['init.defaultBranch', 'main'],
    ['safe.directory', '*'],
    ...input.insteadOf.map(({ from, to }): [string, string] => [`url.${to}.insteadOf`, from]),
  ];
  const environment: Record<string, string> = {
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_COUNT: String(settings.length),
  };
  for (const [index, [key, value]] of settings.entries()) {
    environment[`GIT_CONFIG_KEY_${index}`] = key;
    environment[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return environment;
}
