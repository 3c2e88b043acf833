/** Every file of `schemas/`: what callers in other languages send, and what they are given. */
import {
  cancelPromptSchema,
  execSchema,
  interruptSchema,
  pauseSchema,
  promptIdSchema,
  promptSchema,
  rewindSchema,
  sessionInputSchema,
  setBudgetSchema,
  terminateSchema,
} from '../../src/contracts/index.ts';
import { buildRequestSchema, buildResultSchema } from '../../src/contracts/build.ts';
import { executionRequestSchema, executionResultSchema } from '../../src/contracts/execution.ts';
import * as answers from './answers.ts';
import { eventJsonSchema } from './event-schema.ts';
import { jsonSchemaOf } from './json-schema.ts';
import type { JsonSchema } from './json-schema.ts';

const draft = 'http://json-schema.org/draft-07/schema#';

const described: Record<string, { description: string; schema: JsonSchema }> = {
  'session-input': {
    description: 'The one argument of the workflow "session"; the query "input" answers it with its defaults filled in.',
    schema: jsonSchemaOf(sessionInputSchema),
  },
  'execution-request': {
    description: 'The one argument of the workflow "executeCode".',
    schema: jsonSchemaOf(executionRequestSchema),
  },
  'execution-result': {
    description: 'The result of the workflow "executeCode".',
    schema: jsonSchemaOf(executionResultSchema),
  },
  'build-request': {
    description: 'The one argument of the workflow "buildRepoImage".',
    schema: jsonSchemaOf(buildRequestSchema),
  },
  'build-result': {
    description: 'The result of the workflow "buildRepoImage".',
    schema: jsonSchemaOf(buildResultSchema),
  },
  'prompt-request': {
    description: 'The argument of the update and of the signal "prompt".',
    schema: jsonSchemaOf(promptSchema),
  },
  'prompt-answer': { description: 'What the update "prompt" answers.', schema: jsonSchemaOf(answers.promptAccepted) },
  'cancel-prompt-request': {
    description: 'The argument of the update "cancelPrompt".',
    schema: jsonSchemaOf(cancelPromptSchema),
  },
  'interrupt-request': {
    description: 'The argument of the update "interrupt"; may be left out.',
    schema: jsonSchemaOf(interruptSchema),
  },
  'interrupt-answer': {
    description: 'What the update "interrupt" answers.',
    schema: jsonSchemaOf(answers.interruptAccepted),
  },
  'pause-request': {
    description: 'The argument of the update "pause"; may be left out.',
    schema: jsonSchemaOf(pauseSchema),
  },
  'rewind-request': { description: 'The argument of the update "rewind".', schema: jsonSchemaOf(rewindSchema) },
  'set-budget-request': {
    description: 'The argument of the update "setBudget".',
    schema: jsonSchemaOf(setBudgetSchema),
  },
  'terminate-request': {
    description: 'The argument of the update "terminate"; may be left out.',
    schema: jsonSchemaOf(terminateSchema),
  },
  'accepted-answer': {
    description:
      'What the updates "cancelPrompt", "pause", "resume", "checkpoint", "rewind", "setBudget" and "terminate" answer.',
    schema: jsonSchemaOf(answers.accepted),
  },
  'exec-request': { description: 'The argument of the update "exec".', schema: jsonSchemaOf(execSchema) },
  'exec-answer': { description: 'What the update "exec" answers.', schema: jsonSchemaOf(answers.execAccepted) },
  'state-query': { description: 'What the query "state" answers.', schema: jsonSchemaOf(answers.sessionState) },
  'turn-query': {
    description: 'What the query "turn" answers; its argument is the turn id.',
    schema: jsonSchemaOf(answers.turnView.nullable()),
  },
  'exec-query': {
    description: 'What the query "exec" answers; its argument is the exec id.',
    schema: jsonSchemaOf(answers.execView.nullable()),
  },
  'turn-id': { description: 'A prompt id, turn id or exec id.', schema: jsonSchemaOf(promptIdSchema) },
  event: { description: 'One event of the log.', schema: eventJsonSchema() },
};

/** File name in `schemas/` → its text. */
export function schemaFiles(): Map<string, string> {
  const files = Object.entries(described).map(([name, { description, schema }]): [string, string] => {
    const document = { $schema: draft, title: name, description, ...schema };
    return [`${name}.json`, `${JSON.stringify(document, null, 2)}\n`];
  });
  return new Map(files);
}
