/** The exact versions in the base image. Debian's own packages are pinned by their release. */

export const debianImage = 'debian:bookworm-slim';

export const packagePins = {
  /** For repositories. */
  node: '22.23.3',
  npm: '10.9.9',
  /** The Node that installs the first one: PyPI has Node as a package, and Debian's release has Python. */
  bootstrapNodeWheel: '22.20.0',
  /** Installs the Python dependencies of repositories. */
  uv: '0.13.9',
  /** In `/opt/harvest`: the supervisor's own, the same as this package is developed with. */
  harvestNode: '24.21.0',
  agentSdk: '0.3.330',
  anthropicSdk: '1.12.0',
  mcpSdk: '1.32.2',
  zod: '4.6.7',
} as const;
