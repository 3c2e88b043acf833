/** Everything that crosses a process, for callers who validate or build the JSON themselves. */
export * from './agent-events.ts';
export * from './bounds.ts';
export * from './checkpoint.ts';
export * from './events.ts';
export * from './failures.ts';
export * from './ids.ts';
export * from './messages.ts';
export * from './names.ts';
export * from './prompt.ts';
export * from './session-input.ts';
export * from './session-state.ts';
export * from './transcript.ts';
export * from './turn.ts';
