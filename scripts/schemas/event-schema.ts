/** The JSON Schema of one event of the log. The log is additive: types and fields a reader does not know must pass. */
import { z } from 'zod';
import { eventBodySchema, eventEnvelopeSchema } from '../../src/contracts/index.ts';
import { jsonSchemaOf } from './json-schema.ts';
import type { JsonSchema } from './json-schema.ts';

export function eventJsonSchema(): JsonSchema {
  const anyBody = { type: z.string(), data: z.object({}) };
  const allOf = eventBodySchema.options.map(({ shape: { type, data } }) => ({
    if: { properties: { type: { const: type.value } } },
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    then: { properties: { data: jsonSchemaOf(data) } },
  }));
  return { ...jsonSchemaOf(eventEnvelopeSchema.extend(anyBody)), allOf };
}
