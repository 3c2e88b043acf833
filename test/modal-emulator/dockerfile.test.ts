import { describe, expect, test } from 'vitest';
import { parseDockerfile } from '../../src/modal-emulator/images/dockerfile.ts';
import { splitAssignments, splitWords } from '../../src/modal-emulator/images/words.ts';

const scripts = (...commands: string[]): unknown[] =>
  parseDockerfile(commands).map((instruction) =>
    instruction.kind === 'run' ? instruction.command : instruction.kind,
  );

describe('Dockerfile commands', () => {
  test('may span lines and elements, with comments and blank lines between', () => {
    expect(scripts('RUN one && \\', '  # why', '', '  two', 'RUN three \\\n  four')).toEqual([
      { script: 'one &&   two' },
      { script: 'three   four' },
    ]);
  });

  test('may be lower case', () => {
    expect(scripts('from debian:bookworm', 'run ls')).toEqual(['from', { script: 'ls' }]);
  });

  test('take an argument vector', () => {
    expect(scripts('RUN ["a", "b c"]', 'RUN [ -e /x ]')).toEqual([
      { argv: ['a', 'b c'] },
      { script: '[ -e /x ]' },
    ]);
    expect(() => parseDockerfile(['SHELL /bin/bash'])).toThrow(/JSON array/);
  });

  test('take here-documents, as a script or as input of a command', () => {
    expect(scripts("RUN <<'EOF'\n  one\n\ntwo\nEOF", 'RUN three')).toEqual([
      { script: '  one\n\ntwo\n' },
      { script: 'three' },
    ]);
    expect(scripts('RUN cat >/x <<EOF && ls', 'text', 'EOF')).toEqual([
      { script: 'cat >/x <<EOF && ls\ntext\nEOF\n' },
    ]);
    expect(scripts('RUN echo $((1<<2)) <<<word')).toEqual([{ script: 'echo $((1<<2)) <<<word' }]);
    expect(() => parseDockerfile(['RUN cat <<EOF', 'text'])).toThrow(/no end/);
  });

  test('that cannot be honoured are refused by name', () => {
    const refused = [
      'COPY --from=x a b',
      'ADD a b',
      'USER me',
      'ENTRYPOINT ["a"]',
      'CMD a',
      'ARG A=1',
      'VOLUME /x',
    ];
    for (const command of refused) {
      const [keyword = ''] = command.split(' ');
      expect(() => parseDockerfile([command])).toThrow(
        `Local Modal does not support the Dockerfile command ${keyword}`,
      );
    }
    expect(() => parseDockerfile(['RUN --mount=type=cache,target=/x ls'])).toThrow(/RUN with flags/);
    expect(() => parseDockerfile(['FROM debian:bookworm AS build'])).toThrow(/stage name/);
    expect(() => parseDockerfile(['HELLO world'])).toThrow(/HELLO/);
    expect(() => parseDockerfile(['RUN'])).toThrow(/without arguments/);
  });
});

describe('words', () => {
  const lookup = (name: string): string | undefined => ({ A: '1', EMPTY: '' })[name];

  test('are split at blanks outside of quotes, with variables put in outside of single quotes', () => {
    expect(splitWords(`a "b $A" 'c $A' d\\ e "" $A\${A}x`, lookup)).toEqual([
      'a',
      'b 1',
      'c $A',
      'd e',
      '',
      '11x',
    ]);
    expect(() => splitWords('a "b', lookup)).toThrow(/not closed/);
  });

  test('know the forms of variables that Docker knows', () => {
    expect(
      splitWords('${NONE:-word} ${EMPTY:-word} ${A:-word} ${A:+word} ${NONE:+word}x \\$A', lookup),
    ).toEqual(['word', 'word', '1', 'word', 'x', '$A']);
    expect(() => splitWords('${A#x}', lookup)).toThrow(/not supported/);
  });

  test('make assignments in both forms', () => {
    expect(splitAssignments('A=b C="d e" F=g=h', lookup)).toEqual({ A: 'b', C: 'd e', F: 'g=h' });
    expect(splitAssignments('NAME the rest  of it', lookup)).toEqual({ NAME: 'the rest of it' });
    expect(() => splitAssignments('A=b nonsense', lookup)).toThrow(/NAME=value/);
  });
});
