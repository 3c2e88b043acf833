/** Python in the base image, and the tools that a repository may need beside uv, which the base image has. */

/** Debian bookworm's, the only one: others do not come from package registries. */
export const imagePython = '3.11.2';

/** By the major that wrote the lockfile. To renew: `pip index versions poetry`. */
export const poetryVersions = { one: '1.8.5', two: '2.5.1' } as const;
