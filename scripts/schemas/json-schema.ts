/** From zod to JSON Schema (draft 7, which validators in most languages take). */
import { z } from 'zod';
import { promptSchema, repositoryRequestSchema } from '../../src/contracts/index.ts';

export type JsonSchema = { [keyword: string]: unknown };

/** Rules that zod has as code, said once more as JSON Schema can. What it cannot say stays with the session. */
const refinements = new Map<unknown, JsonSchema>([
  [promptSchema.shape.text, { pattern: '\\S' }],
  [repositoryRequestSchema.shape.url, { pattern: '^https?://[^/?#@]+/[^?#]+$' }],
]);

/**
 * Seen as input: fields with defaults are optional, and an object may hold more than it names unless it is strict, so
 * that what the session answers can grow.
 */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  const converted = z.toJSONSchema(schema, {
    target: 'draft-7',
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      Object.assign(jsonSchema, refinements.get(zodSchema));
      // The format says it; zod's expression for it is 200 characters long.
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
  const { $schema: _, ...plain } = JSON.parse(JSON.stringify(converted)) as JsonSchema;
  return plain;
}
