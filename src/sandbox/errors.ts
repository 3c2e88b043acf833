/** What can go wrong with a provider, one class for each decision a caller makes. */

/** The sandbox ended or does not exist. Replace it. */
export class SandboxLost extends Error {
  override readonly name = 'SandboxLost';
  readonly sandboxId: string;
  constructor(sandboxId: string, cause: string) {
    super(`sandbox ${sandboxId} is gone: ${cause}`);
    this.sandboxId = sandboxId;
  }
}

/** No answer, or none that tells what happened: unreachable, cut, timed out. Look before repeating. */
export class ProviderUnavailable extends Error {
  override readonly name = 'ProviderUnavailable';
}

/** No room or throttled: the same request may succeed later. */
export class ProviderBusy extends Error {
  override readonly name = 'ProviderBusy';
}

/** Refused for good: credentials, invalid arguments, unsupported. Repeating does not help. */
export class ProviderRefused extends Error {
  override readonly name = 'ProviderRefused';
}

/** The image does not exist or expired. Use another one. */
export class ImageGone extends Error {
  override readonly name = 'ImageGone';
  readonly imageId: string;
  constructor(imageId: string) {
    super(`image ${imageId} does not exist any more`);
    this.imageId = imageId;
  }
}

/** A Dockerfile command failed; `log` is the end of its output. */
export class ImageBuildFailed extends Error {
  override readonly name = 'ImageBuildFailed';
  readonly log: string;
  constructor(message: string, log: string) {
    super(message);
    this.log = log;
  }
}
