import type { ScriptedModel, ScriptedModelOptions } from '../../../src/dev/scripted-model/server.ts';
import { startScriptedModel } from '../../../src/dev/scripted-model/server.ts';

export const token = 'sk-ant-oat01-the-right-one';
export const oauth = { CLAUDE_CODE_OAUTH_TOKEN: token };

export async function startModel(
  options: Partial<ScriptedModelOptions> = {},
): Promise<ScriptedModel & AsyncDisposable> {
  const model = await startScriptedModel({ credential: token, ...options });
  return { ...model, [Symbol.asyncDispose]: async () => model.close() };
}
