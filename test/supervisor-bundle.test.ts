import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { bundleSupervisor } from '../src/supervisor-bundle.ts';

describe('the bundle', () => {
  test('is one file that needs nothing but Node and the Agent SDK, named by its own hash', async () => {
    const bundle = await bundleSupervisor();
    const imports = [...bundle.code.matchAll(/(?:^import .*? from|^import|\bimport\()\s*"([^"]+)"/gm)].map(
      (match) => match[1],
    );
    const outside = imports.filter((name) => name?.startsWith('node:') === false);
    expect(new Set(outside)).toEqual(new Set(['@anthropic-ai/claude-agent-sdk']));
    expect(bundle.fileName).toBe(`supervisor-${createHash('sha256').update(bundle.code).digest('hex')}.mjs`);
    expect(await bundleSupervisor()).toEqual(bundle);
  });

  test('holds nothing that only makes the supervisor start later', async () => {
    const { code } = await bundleSupervisor();
    // Zod's messages come in every language when `z` is imported by name.
    const languages = [...code.matchAll(/^\/\/ .*node_modules\/zod\/v4\/locales\/(\S+)\.js$/gm)];
    expect(languages.map(([, language]) => language)).toEqual(['en']);
    // An ES import of it evaluates Node's fetch and WebSocket client too.
    expect(code.includes('from "node:http"')).toBe(false);
  });
});
