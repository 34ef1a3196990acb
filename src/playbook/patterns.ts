// Patterns and the texts of a ticket → the names of those that match. No pattern holds a run up.
import { createContext, Script } from 'node:vm';
import { isObject } from '../ground/is-object.ts';
import type { Pattern } from './playbook.ts';

/** So long all patterns that are not ours may take for a ticket; the one that has not ended then matches. */
const MOST_MS = 200;
/** One that has not ended so often has less time, or every ticket would wait for it. */
const OFTEN = 10;
const LESS_MS = 10;
/** For one text, of a playbook that is read over. */
const CHECK_MS = 2000;

/** How often a pattern of this run has not ended. */
const unended = new WeakMap<Pattern, number>();

/** @param tell is told, once, of a pattern that does not end on a text */
export function patternFinder(
  patterns: readonly Pattern[],
  tell: (name: string) => void,
): (texts: readonly string[]) => string[] {
  const others = patterns.filter(({ isBuiltIn }) => !isBuiltIn);
  let groups = groupsOf(others);

  function giveUp(pattern: Pattern): void {
    const times = (unended.get(pattern) ?? 0) + 1;
    unended.set(pattern, times);
    if (times === 1) tell(pattern.name);
    if (times === OFTEN) groups = groupsOf(others);
  }

  return function namesIn(texts) {
    const matching = new Set<Pattern>();
    for (const test of groups) {
      const tested = test(texts);
      for (const pattern of [...tested.matching, ...tested.endless]) matching.add(pattern);
      tested.endless.forEach(giveUp);
    }
    return patterns
      .filter((pattern) =>
        pattern.isBuiltIn ? texts.some((text) => pattern.regex.test(text)) : matching.has(pattern),
      )
      .map(({ name }) => name);
  };
}

function groupsOf(patterns: readonly Pattern[]): Test[] {
  const isSlow = (pattern: Pattern) => (unended.get(pattern) ?? 0) >= OFTEN;
  const tests: Test[] = [];
  const slow = patterns.filter(isSlow);
  const others = patterns.filter((pattern) => !isSlow(pattern));
  if (others.length > 0) tests.push(timedTest(others, MOST_MS));
  if (slow.length > 0) tests.push(timedTest(slow, LESS_MS));
  return tests;
}

const EACH = new Script(
  'for (; at < regexes.length; at += 1) if (texts.some((text) => regexes[at].test(text))) found.push(at);',
);

type Test = (texts: readonly string[]) => { matching: Pattern[]; endless: Pattern[] };

/** Nothing but the time limit of a context ends a regular expression. */
function timedTest(patterns: readonly Pattern[], timeout: number): Test {
  const state = { regexes: patterns.map(({ regex }) => regex), texts: [''], at: 0, found: [0] };
  const context = createContext(state);

  return (texts) => {
    const endless: Pattern[] = [];
    Object.assign(state, { texts, at: 0, found: [] });
    while (state.at < patterns.length) {
      if (endsInTime(() => EACH.runInContext(context, { timeout }))) break;
      endless.push(...patterns.slice(state.at, state.at + 1));
      // The others still have their say.
      state.at += 1;
    }
    return { matching: patterns.filter((_, at) => state.found.includes(at)), endless };
  };
}

function endsInTime(work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (isObject(error) && error['code'] === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return false;
    throw error;
  }
}

/** Names of the patterns that do not end on a text such as somebody might send to hold a desk up. */
export function endlessPatterns(patterns: readonly Pattern[]): string[] {
  return patterns
    .filter((pattern) => {
      const test = timedTest([pattern], CHECK_MS);
      return textsAgainst(pattern).some((text) => test([text]).endless.length > 0);
    })
    .map(({ name }) => name);
}

const LENGTH = 50_000;
/** What repeated parts of patterns match in more than one way, if they do. */
const PIECES = [
  'a',
  '0',
  ' ',
  '\n',
  'a ',
  'a1',
  'a\n',
  'word ',
  'a.',
  'a-',
  'a@a.',
  '/a',
  '"a" ',
  '<a>',
];

/** Twenty; at the end of each stands what no pattern wants there. */
function textsAgainst({ regex }: Pattern): string[] {
  const words = regex.source.replace(/\\./g, ' ').match(/\p{L}+|\d+/gu) ?? [];
  const own = [
    words[0] ?? 'x',
    words.at(-1) ?? 'y',
    `${words[0] ?? 'x'} `,
    words.join(' '),
    words.join(''),
    `${words.join('\n')}\n`,
  ];
  return [...PIECES, ...own].map((piece) => `${piece.repeat(LENGTH / (piece.length || 1))}\u0001!`);
}
