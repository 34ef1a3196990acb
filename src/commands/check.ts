// A playbook read over: its mistakes, its size, its price.
import { costOf, roundedUsd } from '../claude/cost.ts';
import { modelFacts, MODELS, type Model } from '../claude/models.ts';
import {
  answerTokens,
  BYTES_PER_TOKEN,
  FORCED_TOOL_TOKENS,
  guessTokens,
  prefixText,
} from '../claude/token-guess.ts';
import { EXIT, failures } from '../errors.ts';
import { loadPlaybook, playbookFolder } from '../playbook/load.ts';
import type { Playbook } from '../playbook/playbook.ts';
import { FIELDS } from '../ticket.ts';
import type { Context } from './context.ts';

/** What the price is worked out for: an ordinary ticket, 15 % escalated. */
const ASSUMED = { ticketTokens: 250, escalated: 0.15 };

export async function checkCommand(
  folder: string | undefined,
  given: Record<string, unknown>,
  context: Context,
): Promise<number> {
  const lean = given['lean'] === true;
  const playbook = await loadPlaybook(playbookFolder(folder ?? 'support'), lean);
  const { fast, strong, prices } = playbook.models;
  const [fastModel, strongModel] = [fast, strong].map((name) => factsOf(name, prices[name]));
  if (!fastModel || !strongModel) return EXIT.cannotStart;

  const prefix = prefixText(playbook);
  const tokens = guessTokens(prefix);
  const least = fastModel.smallestCacheablePrefix;
  const lines = [
    `${playbook.identity} (version ${playbook.version}, in ${playbook.folder}): no mistakes.`,
    '',
    `labels    ${FIELDS.map((field) => `${playbook.labels[field].length} ${field}`).join(', ')}`,
    `patterns  ${playbook.patterns.map(({ name }) => name).join(', ') || 'none'}`,
    `rules     ${playbook.rules.map(({ name }) => name).join(', ')}`,
    `prefix    ${prefix.length} characters, about ${tokens} tokens (at ${BYTES_PER_TOKEN} bytes a token)`,
    tokens >= least
      ? `          over the ${least} tokens that ${fast} needs to cache it`
      : `          under the ${least} tokens that ${fast} needs to cache it: every call would pay for it whole`,
    `price     about ${priceText(tokens, answerTokens(playbook), fastModel, strongModel)} per 1,000 tickets`,
    `          (with ${ASSUMED.ticketTokens} tokens a ticket and ${ASSUMED.escalated * 100} % asked again of ${strong})`,
  ];
  context.stdout.write(`${lines.join('\n')}\n`);
  return EXIT.ok;
}

function factsOf(name: string, given: Playbook['models']['prices'][string] | undefined): Model {
  const facts = modelFacts(name, given);
  if (!facts) throw failures.unpricedModel(name, Object.keys(MODELS).join(', '));
  return facts;
}

function priceText(prefixTokens: number, output: number, fast: Model, strong: Model): string {
  const one = (model: Model) => {
    const cached = prefixTokens >= model.smallestCacheablePrefix;
    const own = ASSUMED.ticketTokens + FORCED_TOOL_TOKENS;
    return costOf(
      {
        input: cached ? own : own + prefixTokens,
        cacheRead: cached ? prefixTokens : 0,
        cacheWrite: 0,
        output,
      },
      model,
    );
  };
  return roundedUsd(Math.round(1000 * (one(fast) + ASSUMED.escalated * one(strong))));
}
