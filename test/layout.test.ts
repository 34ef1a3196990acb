// The rooms of src: what a later one knows an earlier one must not.
import { readdirSync, readFileSync } from 'node:fs';
import { join, normalize, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const SRC = fileURLToPath(new URL('../src', import.meta.url));

/** From the ground up; of one floor no room knows another. */
const FLOORS = [
  ['ground', 'simulator'],
  ['ticket.ts'],
  ['playbook'],
  ['claude'],
  ['settings'],
  ['intake', 'cascade', 'ledger', 'output', 'route.ts', 'in-order.ts'],
  ['pipeline.ts'],
  ['batch'],
  ['estimate'],
  ['run'],
  ['commands', 'index.ts', 'cli.ts'],
  ['main.ts'],
];

const roomOf = (file: string) => file.split('/')[0] ?? '';
const floorOf = (file: string) => FLOORS.findIndex((rooms) => rooms.includes(roomOf(file)));

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .toSorted();

interface Arrow {
  from: string;
  /** A file of src, or a package. */
  to: string;
  isExport: boolean;
}

const arrows: Arrow[] = files.flatMap((from) => {
  const text = readFileSync(join(SRC, from), 'utf8');
  const statements = text.matchAll(/^(import|export)\b[^;]*?from '([^']+)';/gms);
  const dynamic = text.matchAll(/(import)\('([^']+)'\)/g);
  return [...statements, ...dynamic].map(([, word, target = '']) => ({
    from,
    to: target.startsWith('.') ? normalize(join(dirname(from), target)) : target,
    isExport: word === 'export',
  }));
});
const within = arrows.filter(({ to }) => to.endsWith('.ts'));
const told = ({ from, to }: Arrow) => `${from} → ${to}`;

test('every file has its floor', () => {
  expect(files.filter((file) => floorOf(file) < 0)).toEqual([]);
  expect(within.length).toBeGreaterThan(300);
  expect(within.filter(({ to }) => !files.includes(to)).map(told)).toEqual([]);
});

test('imports point downwards, and never to another room of the same floor', () => {
  const wrong = within.filter(
    ({ from, to }) => roomOf(from) !== roomOf(to) && floorOf(to) >= floorOf(from),
  );
  expect(wrong.map(told)).toEqual([]);
});

test('only a run starts the stand-in', () => {
  const others = within.filter(
    ({ from, to }) => roomOf(to) === 'simulator' && roomOf(from) !== 'simulator',
  );
  expect(new Set(others.map(({ from }) => from))).toEqual(new Set(['run/connect.ts']));
});

test('only claude/ knows the SDK', () => {
  const doors = arrows.filter(({ to }) => to.startsWith('@anthropic-ai/'));
  expect(new Set(doors.map(({ from }) => roomOf(from)))).toEqual(new Set(['claude']));
});

test('nothing is passed on under another roof but what the package exports', () => {
  const barrels = arrows.filter(({ from, isExport }) => isExport && from !== 'index.ts');
  expect(barrels.map(told)).toEqual([]);
});

test('no file imports itself by a detour', () => {
  const next = new Map(files.map((file) => [file, new Set<string>()]));
  for (const { from, to } of within) next.get(from)?.add(to);
  // Who imports nothing that is left, or is imported by nobody left, goes; circles stay.
  for (let size = Infinity; next.size < size;) {
    size = next.size;
    for (const [file, targets] of next) {
      const isUsed = [...next.values()].some((others) => others.has(file));
      if (!isUsed || ![...targets].some((target) => next.has(target))) next.delete(file);
    }
  }
  expect([...next.keys()]).toEqual([]);
});
