// Starts one of the package's TypeScript programs: `node scripts/run.cjs src/dev/main.ts ARGUMENTS…`.
// Plain old JavaScript, so that any Node can say what it is missing.
'use strict';
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `Harvest needs Node 22.18 or newer to run from source; this is Node ${process.versions.node}. ` +
      'On Linux `npm ci` brings Node 24 along (leave its optional dependencies on) and every npm script uses it; elsewhere install Node 24.\n',
  );
  process.exit(1);
}
const { resolve } = require('node:path');
const { pathToFileURL } = require('node:url');
const program = resolve(process.argv[2]);
process.argv.splice(1, 2, program);
import(pathToFileURL(program).href).catch((error) => {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  process.exit(1);
});
