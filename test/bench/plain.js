// What a competent engineer writes in an hour: `plain.js <tickets.csv> <output.csv> <concurrency>`.
import { readFileSync, writeFileSync } from 'node:fs';
import Anthropic from '@anthropic-ai/sdk';
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import pLimit from 'p-limit';
import { requestMaker } from '../../dist/claude/request.js';
import { loadPlaybook, playbookFolder } from '../../dist/playbook/load-playbook.js';

const CONFIDENCES = ['team', 'type', 'urgency', 'sentiment'].map((field) => `${field}_confidence`);
const THRESHOLD = 0.75;

const [input, output, concurrency] = process.argv.slice(2);
const client = new Anthropic();
const makeRequest = requestMaker(await loadPlaybook(playbookFolder('support')), () => ({
  forcedTool: true,
}));
const limit = pLimit(Number(concurrency));

const rows = parse(readFileSync(input), { columns: true, bom: true });
const classified = await Promise.all(rows.map((row) => limit(() => classify(row))));
// An error has no labels, and columns come from the first row.
writeFileSync(output, stringify(classified, { header: true, columns: columnsOf(classified) }));

async function classify(row) {
  try {
    const answer = await ask('claude-haiku-4-5', row);
    const isSure = CONFIDENCES.every((name) => answer[name] >= THRESHOLD);
    return { ...row, ...(isSure ? answer : await ask('claude-sonnet-4-6', row)), error: '' };
  } catch (error) {
    return { ...row, error: error.message };
  }
}

async function ask(model, { subject, body, account_tier: accountTier }) {
  const message = await client.messages.create(makeRequest(model, { subject, body, accountTier }));
  return message.content.find((block) => block.type === 'tool_use').input;
}

function columnsOf(all) {
  return [...new Set(all.flatMap((row) => Object.keys(row)))];
}
