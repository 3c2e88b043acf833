/** Reads messages and RPCs out of the SDK's bundle, where protoc's ts-proto plugin left their field numbers in the decoders. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export type BundleField = {
  name: string;
  number: number;
  /** The reader's method for a scalar (`uint32`), else the name of the message. */
  type: string;
  isRepeated: boolean;
  isMap: boolean;
  wireType: number;
};
export type BundleRpc = {
  request: string;
  response: string;
  requestStream: boolean;
  responseStream: boolean;
};

const source = readFileSync(fileURLToPath(import.meta.resolve('modal')), 'utf8');

export function readMessage(name: string): BundleField[] | undefined {
  const start = source.indexOf(`\nvar ${name} = {\n  encode(`);
  if (start < 0) return undefined;
  const body = source.slice(start, source.indexOf('\n};\n', start));
  const decoder = body.slice(body.indexOf('\n  decode('), body.indexOf('\n  fromJSON('));
  return [...decoder.matchAll(/case (\d+): \{\n([\s\S]*?)\n {10}continue;/g)].map(([, number, code = '']) => {
    const tag = Number(/tag !== (\d+)/.exec(code)?.[1]);
    const map = /message\.(\w+)\[entry\d+\.key\]/.exec(code);
    const single = /message\.(\w+)(\.push\(| = )(.*);$/m.exec(code.slice(code.lastIndexOf('message.')));
    const expression = single?.[3] ?? '';
    const type = /^(\w+)\.decode\(/.exec(expression)?.[1] ?? /reader\.(\w+)\(/.exec(expression)?.[1] ?? '';
    return {
      name: map?.[1] ?? single?.[1] ?? '',
      number: Number(number),
      type: map === null ? type : 'map',
      isRepeated: single?.[2] === '.push(',
      isMap: map !== null,
      wireType: tag & 7,
    };
  });
}

export function readRpc(name: string): BundleRpc | undefined {
  const pattern = new RegExp(
    `name: "${name}",\\s+requestType: (\\w+),\\s+requestStream: (\\w+),\\s+responseType: (\\w+),\\s+responseStream: (\\w+),`,
  );
  const [, request, requestStream, response, responseStream] = pattern.exec(source) ?? [];
  if (request === undefined || response === undefined) return undefined;
  return {
    request,
    response,
    requestStream: requestStream === 'true',
    responseStream: responseStream === 'true',
  };
}
