import { describe, expect, test } from 'vitest';
import { InvalidConfiguration, parseConfig } from '../src/config.ts';

describe('the configuration', () => {
  test('has defaults for a machine that sets nothing', () => {
    const config = parseConfig({});
    expect(config).toMatchObject({
      taskQueue: 'harvest',
      modelUrl: 'https://api.anthropic.com',
      logLevel: 'info',
    });
    expect(config.dataDirectory).toMatch(/\/harvest$/);
    expect(config.modal.credentials).toBeUndefined();
  });

  test('names the variable that is wrong', () => {
    expect(() => parseConfig({ HARVEST_MODEL_URL: 'not a url' })).toThrow(
      /^environment variable HARVEST_MODEL_URL: /,
    );
    expect(() => parseConfig({ HARVEST_LOG_LEVEL: 'loud' })).toThrow(InvalidConfiguration);
    expect(() => parseConfig({ MODAL_TOKEN_ID: 'ak-1' })).toThrow(
      'MODAL_TOKEN_ID and MODAL_TOKEN_SECRET belong together',
    );
  });

  test('treats a variable set to nothing as not set', () => {
    expect(parseConfig({ HARVEST_TASK_QUEUE: '', HARVEST_DATA_DIR: ' ' }).taskQueue).toBe('harvest');
  });

  test('lets sessions name only the variables it allows', () => {
    const environment = { GITHUB_TOKEN: 'g', AWS_SECRET_ACCESS_KEY: 'a', MY_TOKEN: 'm' };
    expect([...parseConfig(environment).credentialVariables]).toEqual([['GITHUB_TOKEN', 'g']]);
    const allowing = { ...environment, HARVEST_CREDENTIAL_VARIABLES: 'MY_TOKEN, GITHUB_TOKEN' };
    expect([...parseConfig(allowing).credentialVariables.keys()]).toEqual(['MY_TOKEN', 'GITHUB_TOKEN']);
  });
});
