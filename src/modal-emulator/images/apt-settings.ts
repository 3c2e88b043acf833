/** What this machine's apt is set up with, for debootstrap to use the same. Anything that cannot be found out is left to debootstrap. */
import { findTool } from '../container/tools.ts';
import { runTool } from '../container/host-process.ts';

const targetFormat = '$(CREATED_BY)|$(ORIGIN)|$(RELEASE)|$(COMPONENT)|$(REPO_URI)';

/** The mirror that this machine's apt has for the release, else for another release of Debian. */
export async function debianMirror(release: string): Promise<string | undefined> {
  if (findTool('apt-get') === undefined) return undefined;
  const output = await runTool('apt-get', ['indextargets', '--format', targetFormat]).catch(() => '');
  const mirrors = output.split('\n').flatMap((line) => {
    const [kind, origin, configured = '', component, uri] = line.split('|');
    const usable = kind === 'Packages' && component === 'main' && (origin === 'Debian' || origin === '');
    return usable && uri !== undefined && !uri.includes('security') ? [{ configured, uri }] : [];
  });
  const exact = mirrors.find((mirror) => mirror.configured === release);
  return (exact ?? mirrors.find((mirror) => /debian\/?$/.test(mirror.uri)))?.uri;
}

export async function httpProxy(): Promise<string | undefined> {
  if (findTool('apt-config') === undefined) return undefined;
  const output = await runTool('apt-config', ['dump', 'Acquire::http::Proxy']).catch(() => '');
  return /^Acquire::http::Proxy "([^"]+)";$/m.exec(output)?.[1];
}
