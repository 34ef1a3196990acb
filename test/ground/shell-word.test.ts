import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { shellWord } from '../../src/ground/shell-word.ts';

test.each(['plain', 'a b', "What's wrong", '$HOME `x` "y"', 'back\\slash', '', 'ä;&|*?'])(
  'a shell reads %j as it was meant',
  (word) => {
    const read = execFileSync('sh', ['-c', `printf %s ${shellWord(word)}`], { encoding: 'utf8' });
    expect(read).toBe(word);
  },
);
