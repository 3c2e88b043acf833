/**
 * Node's HTTP module, past its ES import: that one evaluates every export, among them the whole of Node's fetch and WebSocket
 * client, which takes tens of milliseconds of the supervisor's start.
 */
export const http = process.getBuiltinModule('node:http');
