/** The JSON Schema of one event of the log: readers must let types pass that they do not know, and new fields. */
import { z } from 'zod';
import { eventBodySchema, eventEnvelopeSchema } from '../../src/contracts/index.ts';
import { jsonSchemaOf } from './json-schema.ts';
import type { JsonSchema } from './json-schema.ts';

export function eventJsonSchema(): JsonSchema {
  const { properties, ...envelope } = jsonSchemaOf(
    eventEnvelopeSchema.extend({ type: z.string(), data: z.looseObject({}) }),
    'read',
  );
  const known = eventBodySchema.options.map((option) => {
    const { type, data } = option.shape;
    return {
      if: { properties: { type: { const: type.value } }, required: ['type'] },
      // oxlint-disable-next-line unicorn/no-thenable -- JSON Schema's keyword
      then: { properties: { data: jsonSchemaOf(data, 'read') } },
    };
  });
  return { ...envelope, properties, allOf: known };
}
