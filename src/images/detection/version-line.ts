/** nvm, nodenv, fnm and pyenv take the first line that is no comment. An empty file says nothing. */
export function versionLine(content: string | undefined): string | undefined {
  const lines = (content ?? '')
    .slice(0, 1000)
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/);
  return lines.map((line) => line.replace(/#.*$/, '').trim()).find((line) => line !== '');
}
