/**
 * Whether a version of Python satisfies what a repository asks for: specifiers of PEP 440 (`>=3.9,<3.13`, `~=3.10`,
 * `==3.11.*`), Poetry's (`^3.10`, `~3.11`, `||`) and the plain versions of `.python-version`.
 */
import semver from 'semver';

const maxLength = 200;

/** Undefined: it is none of these. */
export function pythonSatisfies(version: string, specifier: string): boolean | undefined {
  if (specifier.length > maxLength) return undefined;
  const answers = specifier.split('||').map((part) => allClauses(version, part));
  if (answers.includes(true)) return true;
  return answers.includes(undefined) ? undefined : false;
}

function allClauses(version: string, part: string): boolean | undefined {
  const clauses = part
    .split(',')
    .map((clause) => clause.trim())
    .filter((clause) => clause !== '');
  if (clauses.length === 0) return undefined;
  const answers = clauses.map((clause) => oneClause(version, clause));
  if (answers.includes(false)) return false;
  return answers.includes(undefined) ? undefined : true;
}

const clausePattern = /^(~=|===?|!=|<=|>=|<|>|\^|~)?\s*v?(\d+(?:\.\d+){0,2})(\.\*)?$/;

function oneClause(version: string, clause: string): boolean | undefined {
  if (clause === '*') return true;
  const [, operator = '', release, wildcard] = clausePattern.exec(clause) ?? [];
  if (release === undefined) return undefined;
  const wanted = wantedRange({ operator, release, isPrefix: wildcard !== undefined });
  const satisfied = semver.satisfies(version, wanted);
  return operator === '!=' ? !satisfied : satisfied;
}

/** For `!=` the range that is excluded. */
function wantedRange(clause: { operator: string; release: string; isPrefix: boolean }): string {
  const { operator, release, isPrefix } = clause;
  const full = semver.coerce(release)?.version ?? release;
  switch (operator) {
    // `~=3.10` allows 3.11, `~=3.10.2` does not.
    case '~=':
      return release.split('.').length > 2 ? `~${full}` : `^${full}`;
    case '==':
    case '===':
    case '!=':
      return isPrefix ? release : `=${full}`;
    // A plain `3.11` is any 3.11: that is how `.python-version` means it.
    case '':
      return release;
    case '~':
      return `~${release}`;
    default:
      return `${operator}${full}`;
  }
}
