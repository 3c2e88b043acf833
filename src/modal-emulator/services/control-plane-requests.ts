/**
 * What Local Modal honours of each control-plane request. The schemas are strict: a field that is set and not listed here is refused, and so
 * is a listed field with a value that cannot be honoured.
 */
import * as z from 'zod';
import { volumeMounts } from './volume-mount-requests.ts';

const text = z.string().default('');
const flag = z.boolean().default(false);
const texts = z.array(z.string()).default([]);
const objectName = /^[A-Za-z0-9._-]{1,64}$/;
const stringMap = z.record(z.string(), z.string());
const only = (value: number, what: string) => z.literal(value, `Local Modal does not support ${what}`);

const stringMapSchema = z.strictObject({ contents: stringMap.default({}) });
export const secretSourcesSchema = z
  .array(z.strictObject({ secretId: z.string().optional(), env: stringMapSchema.optional() }))
  .default([]);

const tagsSchema = z
  .array(z.strictObject({ tagName: z.string().min(1), tagValue: text }))
  .default([])
  .transform((tags) => Object.fromEntries(tags.map((tag) => [tag.tagName, tag.tagValue])));

/** Modal's object creation types, as far as they are used. */
export const createIfMissing = 1;
export const ephemeralKind = 5;

export const authTokenGet = z.strictObject({});
export const environmentGetOrCreate = z.strictObject({
  deploymentName: text,
  objectCreationType: z.int().default(0),
});
export const appGetOrCreate = z.strictObject({
  appName: z.string().min(1),
  environmentName: text,
  objectCreationType: z.int().default(0),
});

export const secretGetOrCreate = z.strictObject({
  deploymentName: text,
  environmentName: text,
  objectCreationType: z
    .literal([0, ephemeralKind], 'only looking up and ephemeral secrets are supported')
    .default(0),
  envDict: stringMap.default({}),
  appId: text,
  requiredKeys: texts,
});
export const secretDelete = z.strictObject({ secretId: z.string() });

const volumeNameRule = 'a volume has a name of 1 to 64 letters, digits, dots, dashes and underscores';
export const volumeGetOrCreate = z
  .strictObject({
    deploymentName: text,
    environmentName: text,
    objectCreationType: z
      .literal(
        [0, createIfMissing, ephemeralKind],
        'only looking up, creating what is missing, and ephemeral volumes are supported',
      )
      .default(0),
    // What is not asked for is the first one, as the SDK has it too.
    version: z
      .literal([0, 1, 2], 'must be 1 or 2')
      .default(0)
      .transform((version) => (version === 0 ? 1 : version)),
  })
  .refine(
    ({ objectCreationType, deploymentName }) =>
      objectCreationType === ephemeralKind ? deploymentName === '' : objectName.test(deploymentName),
    { path: ['deploymentName'], error: volumeNameRule },
  );
export const volumeById = z.strictObject({ volumeId: z.string() });

/** An empty message is "no GPU". */
const noGpu = z.strictObject({}).optional();

export const imageGetOrCreate = z.strictObject({
  image: z.strictObject({
    baseImages: z.array(z.strictObject({ imageId: z.string(), dockerTag: z.string() })).default([]),
    dockerfileCommands: z.array(z.string()).min(1),
    secretIds: texts,
    gpuConfig: noGpu,
  }),
  appId: z.string(),
  forceBuild: flag,
  ignoreCache: flag,
  // Builder versions differ in what Modal adds to an image; nothing is added here.
  builderVersion: text,
});
export const imageJoinStreaming = z.strictObject({
  imageId: z.string(),
  timeout: z.number().nonnegative().default(0),
  lastEntryId: text,
  includeLogsForFinished: flag,
});
export const imageById = z.strictObject({ imageId: z.string() });

const mostLifetimeSeconds = 24 * 60 * 60;

const definition = z.strictObject({
  entrypointArgs: texts,
  imageId: z.string().min(1),
  secretIds: texts,
  // A request for a share of the machine is met by having the whole of it; a limit would have to be enforced.
  resources: z
    .strictObject({
      milliCpu: z.int().optional(),
      memoryMb: z.int().optional(),
      gpuConfig: noGpu,
    })
    .optional(),
  timeoutSecs: z.int().positive().max(mostLifetimeSeconds, 'a sandbox lives for 24 hours at most'),
  idleTimeoutSecs: z.int().positive().optional(),
  workdir: z.string().startsWith('/', 'must be an absolute path').optional(),
  volumeMounts,
  openPorts: z.strictObject({}).optional(),
  networkAccess: z
    .strictObject({
      networkAccessType: only(1, 'network policies: sandboxes use the network of this machine'),
    })
    .optional(),
  name: z
    .string()
    .regex(objectName, 'a name has 1 to 64 letters, digits, dots, dashes and underscores')
    .optional(),
});
export const sandboxCreate = z.strictObject({
  appId: z.string(),
  definition,
  ephemeralSecrets: stringMapSchema.optional(),
  tags: tagsSchema,
  secretSources: secretSourcesSchema,
});
export const sandboxGetTaskId = z.strictObject({
  sandboxId: z.string(),
  timeout: z.number().optional(),
  waitUntilReady: flag,
});
export const sandboxById = z.strictObject({ sandboxId: z.string() });
export const sandboxWait = z.strictObject({
  sandboxId: z.string(),
  timeout: z.number().nonnegative().default(0),
});
export const sandboxList = z.strictObject({
  appId: text,
  beforeTimestamp: z.number().default(0),
  environmentName: text,
  includeFinished: flag,
  tags: tagsSchema,
});
export const sandboxGetFromName = z.strictObject({
  sandboxName: z.string(),
  environmentName: text,
  appName: z.string(),
  includeTerminated: flag,
});
export const sandboxTagsSet = z.strictObject({
  environmentName: text,
  sandboxId: z.string(),
  tags: tagsSchema,
});
export const sandboxSetName = z.strictObject({ sandboxId: z.string(), name: z.string().min(1) });
