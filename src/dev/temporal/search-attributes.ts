/** Registers Harvest's search attributes: by flags on our own server, by the operator service on an existing one. */
import type { Connection } from '@temporalio/client';
import { searchAttributes } from '../../contracts/search-attributes.ts';
import { firstLine } from './binary.ts';
import { SearchAttributesMissing } from './errors.ts';

const callTimeoutMs = 10_000;

/** The names of the operator service and of the CLI for the types that are used (`enums/v1/common.proto`). */
const typeNames = {
  KEYWORD: { wire: 2, flag: 'Keyword' },
  KEYWORD_LIST: { wire: 7, flag: 'KeywordList' },
} as const;

const attributes = Object.values(searchAttributes).map(({ name, type }) => ({ name, ...typeNames[type] }));

/** For `temporal server start-dev`. */
export function searchAttributeFlags(): string[] {
  return attributes.flatMap(({ name, flag }) => ['--search-attribute', `${name}=${flag}`]);
}

/** Throws `SearchAttributesMissing` with the command that helps when the server does not let us. */
export async function ensureSearchAttributes(options: {
  connection: Connection;
  namespace: string;
  log: (line: string) => void;
}): Promise<void> {
  const { connection, namespace, log } = options;
  const registered = await listed(connection, namespace);
  const missing = attributes.filter(({ name }) => registered[name] === undefined);
  const mistyped = attributes.filter(
    ({ name, wire }) => registered[name] !== undefined && registered[name] !== wire,
  );
  if (mistyped.length > 0) {
    const names = mistyped.map(({ name, flag }) => `${name} must be ${flag}`).join(', ');
    throw new SearchAttributesMissing(`registered with another type: ${names}`, removal(mistyped, namespace));
  }
  if (missing.length === 0) return;
  log(
    `registering the search attributes ${missing.map(({ name }) => name).join(', ')} in namespace ${namespace}`,
  );
  try {
    await connection.withDeadline(Date.now() + callTimeoutMs, () =>
      connection.operatorService.addSearchAttributes({
        namespace,
        searchAttributes: Object.fromEntries(missing.map(({ name, wire }) => [name, wire])),
      }),
    );
  } catch (error) {
    throw new SearchAttributesMissing(firstLine(error), creation(missing, namespace));
  }
}

async function listed(connection: Connection, namespace: string): Promise<Record<string, number>> {
  try {
    const answer = await connection.withDeadline(Date.now() + callTimeoutMs, () =>
      connection.operatorService.listSearchAttributes({ namespace }),
    );
    return answer.customAttributes;
  } catch (error) {
    throw new SearchAttributesMissing(
      `they cannot be listed: ${firstLine(error)}`,
      creation(attributes, namespace),
    );
  }
}

type Attribute = (typeof attributes)[number];

function creation(missing: readonly Attribute[], namespace: string): string {
  const flags = missing.map(({ name, flag }) => `--name ${name} --type ${flag}`).join(' ');
  return `temporal operator search-attribute create --namespace ${namespace} ${flags}`;
}

function removal(mistyped: readonly Attribute[], namespace: string): string {
  const names = mistyped.map(({ name }) => `--name ${name}`).join(' ');
  return `temporal operator search-attribute remove --namespace ${namespace} ${names} && ${creation(mistyped, namespace)}`;
}
