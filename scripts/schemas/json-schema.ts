/** From zod to JSON Schema (draft 7, which most languages' validators take). */
import { z } from 'zod';

export type JsonSchema = Record<string, unknown>;

/**
 * `write`: what a caller sends, exactly; `read`: what a caller is given, which may grow. Rules that JSON Schema cannot
 * say (lengths in bytes, for example) stay with the session, which rejects with a sentence.
 */
export function jsonSchemaOf(schema: z.ZodType, use: 'write' | 'read'): JsonSchema {
  // Seen as an input, an object allows more than it names unless it is strict: what readers need.
  const converted = z.toJSONSchema(schema, { target: 'draft-7', io: 'input' });
  const { $schema, '~standard': _standard, ...plain } = JSON.parse(JSON.stringify(converted)) as JsonSchema;
  return use === 'read' ? withoutTimePatterns(plain) : plain;
}
