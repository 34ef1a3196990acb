import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadPlaybook, playbookFolder } from '../../src/playbook/load-playbook.ts';
import { toolFrom } from '../../src/playbook/prompt.ts';
import { FIELDS } from '../../src/ticket.ts';
import { SUPPORT, supportPlaybook } from '../example.ts';

/** A copy of the built-in playbook with one file changed. */
async function changed(name: string, change: (text: string) => string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'playbook-'));
  await cp(SUPPORT, folder, { recursive: true });
  const path = join(folder, name);
  await writeFile(path, change(await readFile(path, 'utf8')));
  return folder;
}

const replace = (from: string | RegExp, to: string) => (text: string) => {
  expect(text).toMatch(from);
  return text.replace(from, to);
};

test('the built-in playbook is without mistakes, and its prefix long enough to be cached', async () => {
  const { system, labels, identity } = await supportPlaybook();
  expect(identity).toMatch(/^support@[0-9a-f]{8}$/);
  expect(system.length + JSON.stringify(toolFrom(labels, false)).length).toBeGreaterThan(20_000);
  expect(system).not.toContain('{{');
});

test('its name alone finds a built-in playbook', () => {
  expect(playbookFolder('support')).toBe(SUPPORT);
  expect(playbookFolder('./support')).toBe('./support');
});

test('the tool is strict, and asks for exactly the documented fields', async () => {
  const tool = toolFrom((await supportPlaybook()).labels, false);
  expect(tool.input_schema.required).toEqual([
    'team',
    'team_confidence',
    'ticket_type',
    'type_confidence',
    'urgency',
    'urgency_confidence',
    'sentiment',
    'sentiment_confidence',
    'summary',
    'routing_reason',
  ]);
  expect(Object.keys(tool.input_schema.properties)).toEqual(tool.input_schema.required);
  expect(FIELDS.every((field) => tool.input_schema.properties[field]?.enum?.length)).toBe(true);
});

describe('lean', () => {
  test('neither tool nor prompt names summary and reason', async () => {
    const lean = await loadPlaybook(SUPPORT, true);
    const tool = toolFrom(lean.labels, lean.lean);
    expect(tool.input_schema.required).toEqual([
      'team',
      'team_confidence',
      'ticket_type',
      'type_confidence',
      'urgency',
      'urgency_confidence',
      'sentiment',
      'sentiment_confidence',
    ]);
    expect(Object.keys(tool.input_schema.properties)).toEqual(tool.input_schema.required);
    expect(lean.system).not.toMatch(/summary|routing_reason|full -->/);
    expect(lean.system).toContain('"sentiment_confidence":');
  });

  test('is another question than the whole one, and each knows the other', async () => {
    const [whole, lean] = [await supportPlaybook(), await loadPlaybook(SUPPORT, true)];
    expect(whole.system).toContain('- `routing_reason`: one English sentence');
    expect(whole.system).not.toContain('full -->');
    expect(lean.promptHash).not.toBe(whole.promptHash);
    expect([lean.identity, lean.twin]).toEqual([whole.twin, whole.identity]);
  });

  test('a prompt that goes on about them is a mistake, but only then', async () => {
    const folder = await changed('system.md', replace('<!-- full -->\n- `summary`', '- `summary`'));
    const system = join(folder, 'system.md');
    const text = await readFile(system, 'utf8');
    await writeFile(system, text.replace('<!-- /full -->\n- Judge', '- Judge'));
    expect((await loadPlaybook(folder)).lean).toBe(false);
    const complaint = await loadPlaybook(folder, true).then(String, (error) => error.message);
    expect(complaint).toContain('system.md: `summary` is not asked for with --lean');
    expect(complaint).toContain('system.md: routing_reason is not asked for with --lean');
  });
});

test.each([
  ['a threshold', 'playbook.yaml', replace('default: 0.75', 'default: 0.9')],
  ['an SLA', 'playbook.yaml', replace('sla: 15m', 'sla: 30m')],
])('%s does not change its identity', async (_, name, change) => {
  const other = await loadPlaybook(await changed(name, change));
  expect(other.identity).toBe((await supportPlaybook()).identity);
});

test.each([
  ['an instruction', 'system.md', (text: string) => `${text}\nBe brief.`],
  ['a description', 'playbook.yaml', replace(/Money of/, 'The money of')],
])('%s changes its identity', async (_, name, change) => {
  const other = await loadPlaybook(await changed(name, change));
  expect(other.identity).not.toBe((await supportPlaybook()).identity);
});

test.each([
  ['an unknown key', 'playbook.yaml', replace(/^name:/m, 'nome:'), 'Unrecognized key: "nome"'],
  ['broken YAML', 'playbook.yaml', replace(/^teams:/m, 'teams: ['), 'playbook.yaml: '],
  [
    'a threshold over 1',
    'playbook.yaml',
    replace('default: 0.75', 'default: 75'),
    'thresholds.default',
  ],
  [
    'a rule with an unknown label',
    'playbook.yaml',
    replace(/team: security/, 'team: sekurity'),
    '"sekurity" is not there, but 1 rule (urgent-security) names it; did you mean "security"?',
  ],
  [
    'an SLA that is none',
    'playbook.yaml',
    replace('sla: 15m', 'sla: soon'),
    'must be whole minutes',
  ],
  [
    'a queue with an unknown field',
    'playbook.yaml',
    replace('critical-{team}', 'critical-{squad}'),
    'the queue names {squad}',
  ],
  [
    'a pattern that is no expression',
    'playbook.yaml',
    replace(/escalate_patterns:\n/, "escalate_patterns:\n  - name: bad\n    pattern: '('\n"),
    'Invalid regular expression',
  ],
  [
    'a label twice',
    'playbook.yaml',
    replace(/- name: positive\n/, '- name: neutral\n'),
    '"neutral" is there twice',
  ],
  [
    'an unknown variable',
    'system.md',
    replace('{{teams}}', '{{squads}}'),
    'system.md: {{squads}} is not a variable',
  ],
  [
    'a missing variable',
    'system.md',
    replace('{{examples}}', ''),
    'system.md: {{examples}} is missing',
  ],
  [
    'a mark without its partner',
    'system.md',
    replace('<!-- /full -->', ''),
    'system.md: <!-- full --> is no mark, or has no partner',
  ],
  [
    'an example with an unknown label',
    'examples.yaml',
    replace(/team: billing/, 'team: sales'),
    '"sales" is not there, but 1 example',
  ],
])('%s is a mistake', async (_, name, change, complaint) => {
  const folder = await changed(name, change);
  await expect(loadPlaybook(folder)).rejects.toThrow(complaint);
});

test('patterns are read without regard to case, in any script', async () => {
  const patterns =
    "escalate_patterns:\n  - { name: a, pattern: 'écran' }\n  - { name: b, pattern: '\\p{Lu}1' }\n";
  const folder = await changed('playbook.yaml', replace(/escalate_patterns:\n/, patterns));
  const [a, b] = (await loadPlaybook(folder)).patterns;
  expect([a?.regex.test('ÉCRAN noir'), b?.regex.test('É1')]).toEqual([true, true]);
});

test('the last rule must match every ticket', async () => {
  const whole = await readFile(join(SUPPORT, 'playbook.yaml'), 'utf8');
  const lines = whole.split('\n');
  const last = lines.findLastIndex((line) => /^\s+queue:/.test(line));
  lines.splice(last, 0, '    when: { urgency: low }');
  const folder = await changed('playbook.yaml', () => lines.join('\n'));
  await expect(loadPlaybook(folder)).rejects.toThrow('the last rule must match every ticket');
});

test('all mistakes come in one message, those of every file and part', async () => {
  const folder = await changed('system.md', replace('{{teams}}', '{{squads}}'));
  const edit = async (name: string, ...changes: [string | RegExp, string][]) => {
    const path = join(folder, name);
    const text = await readFile(path, 'utf8');
    await writeFile(
      path,
      changes.reduce((all, [from, to]) => replace(from, to)(all), text),
    );
  };
  await edit(
    'playbook.yaml',
    ['team: security', 'team: sekurity'],
    ['default: 0.75', 'default: 75'],
    ['critical-{team}', 'critical-{squad}'],
    [/escalate_patterns:\n/, "escalate_patterns:\n  - name: bad\n    pattern: '('\n"],
  );
  await edit('examples.yaml', [/team: billing/, 'team: sales']);
  const message = await loadPlaybook(folder).then(String, (error) => String(error.message));
  for (const part of [
    '{{squads}}',
    '{{teams}} is missing',
    'sekurity',
    'thresholds.default',
    '{squad}',
    'Invalid regular expression',
    '"sales" is not there',
  ]) {
    expect(message).toContain(part);
  }
  expect(message).toContain('7 mistakes');
});

test('a folder without a playbook is told apart from a broken one', async () => {
  await expect(loadPlaybook(tmpdir())).rejects.toThrow('playbook.yaml is not there');
});
