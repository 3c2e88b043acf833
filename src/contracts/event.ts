/** The form of every event of the event log. */
import * as z from 'zod';

export const event = <T extends string, D extends z.ZodRawShape>(type: T, data: D) =>
  z.object({ type: z.literal(type), data: z.object(data) });
