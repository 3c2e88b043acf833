import { describe, expect, test } from 'vitest';
import { InvalidConfiguration, parseClientConfig, parseConfig } from '../src/config.ts';

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

  test('takes deployment and build of a worker together or not at all', () => {
    expect(parseConfig({ HARVEST_DEPLOYMENT: 'harvest', HARVEST_BUILD_ID: 'v2' }).version).toEqual({
      deploymentName: 'harvest',
      buildId: 'v2',
    });
    expect(parseConfig({}).version).toBeUndefined();
    for (const half of [{ HARVEST_DEPLOYMENT: 'harvest' }, { HARVEST_BUILD_ID: 'v2' }]) {
      expect(() => parseConfig(half)).toThrow('HARVEST_DEPLOYMENT and HARVEST_BUILD_ID belong together');
    }
  });

  test('treats a variable set to nothing as not set', () => {
    expect(parseConfig({ HARVEST_TASK_QUEUE: '', HARVEST_DATA_DIR: ' ' }).taskQueue).toBe('harvest');
  });

  test('is read by a client that has only what it uses, whatever stands in the worker’s variables', () => {
    const environment = {
      HARVEST_DATA_DIR: '/data',
      HARVEST_TASK_QUEUE: 'q',
      HARVEST_MODAL_SECRETS: 'nonsense',
      HARVEST_LOG_LEVEL: 'loud',
      MODAL_TOKEN_ID: 'half',
    };
    expect(parseClientConfig(environment)).toEqual({
      dataDirectory: '/data',
      taskQueue: 'q',
      sealingKeys: undefined,
    });
  });

  test('reads only the variables that sessions may name', () => {
    const environment = { GITHUB_TOKEN: 'g', AWS_SECRET_ACCESS_KEY: 'a', MY_TOKEN: 'm' };
    expect([...parseConfig(environment).credentialVariables]).toEqual([['GITHUB_TOKEN', 'g']]);
    const entries = 'github:MY_TOKEN@git.example.com, github:GITHUB_TOKEN@github.com, claude:MY_TOKEN';
    const allowing = { ...environment, HARVEST_CREDENTIAL_VARIABLES: entries };
    expect([...parseConfig(allowing).credentialVariables.keys()]).toEqual(['MY_TOKEN', 'GITHUB_TOKEN']);
  });

  test('gives GITHUB_TOKEN to github.com and the Anthropic ones to the model alone unless it is told otherwise', () => {
    const { variables, modalSecrets } = parseConfig({}).grants;
    const github = { field: 'github', repositoryUrls: ['https://github.com/you/x'] } as const;
    expect(variables.refusal({ ...github, source: 'GITHUB_TOKEN' })).toBeNull();
    for (const source of ['ANTHROPIC_API_KEY', 'CLAUDE_CODE_OAUTH_TOKEN']) {
      expect(variables.refusal({ ...github, source })).toContain(`no entry github:${source}`);
      expect(variables.refusal({ ...github, field: 'claude', source })).toBeNull();
    }
    expect([...modalSecrets.sources]).toEqual([]);
  });

  test('names the variable and the entry that cannot be read', () => {
    const parse = (name: string, entries: string) => (): unknown => parseConfig({ [name]: entries });
    expect(parse('HARVEST_CREDENTIAL_VARIABLES', 'claude:ANTHROPIC_API_KEY,GITHUB_TOKEN')).toThrow(
      new InvalidConfiguration(
        'environment variable HARVEST_CREDENTIAL_VARIABLES: "GITHUB_TOKEN" is not an entry such as github:GITHUB_TOKEN@github.com or claude:ANTHROPIC_API_KEY',
      ),
    );
    expect(parse('HARVEST_MODAL_SECRETS', 'claude:my-secret')).toThrow(
      'environment variable HARVEST_MODAL_SECRETS: "claude:my-secret" is not an entry such as',
    );
  });
});
