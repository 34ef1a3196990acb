// A playbook read over: its mistakes, its size, its price.
import { roundedUsd } from '../ground/money.ts';
import { costOf } from '../claude/cost.ts';
import { isInTable, pricedModel, type Model } from '../claude/models.ts';
import {
  answerTokens,
  BYTES_PER_TOKEN,
  FORCED_TOOL_TOKENS,
  guessTokens,
  prefixText,
} from '../claude/token-guess.ts';
import { EXIT } from '../ground/errors.ts';
import { printed } from '../ground/printable.ts';
import { compare } from '../playbook/compare.ts';
import { loadPlaybook, playbookFolder } from '../playbook/load-playbook.ts';
import type { Playbook } from '../playbook/playbook.ts';
import { remarksOn } from '../playbook/remarks.ts';
import { FIELDS } from '../ticket.ts';
import type { Context } from '../run/context.ts';

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
  const [fastModel, strongModel] = [pricedModel(fast, prices), pricedModel(strong, prices)];

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
    ...(!isInTable(fast)
      ? [`          whether ${fast} caches it is not known here`]
      : tokens >= least
        ? [`          over the ${least} tokens that ${fast} needs to cache it`]
        : [
            `          under the ${least} tokens that ${fast} needs to cache it: every call pays for it whole,`,
            `          some ${uncachedText(tokens, fastModel)} more per 1,000 tickets than if it were cached`,
          ]),
    `price     about ${priceText(tokens, answerTokens(playbook), fastModel, strongModel)} per 1,000 tickets`,
    `          (with ${ASSUMED.ticketTokens} tokens a ticket and ${ASSUMED.escalated * 100} % asked again of ${strong})`,
  ];
  const remarks = remarksOn(playbook);
  if (remarks.length > 0) lines.push('', 'Worth a look', ...remarks.map((text) => `  ${text}`));
  if (typeof given['against'] === 'string') {
    const before = await loadPlaybook(playbookFolder(given['against']), lean);
    lines.push('', ...comparisonLines(before, playbook));
  }
  context.stdout.write(printed(...lines));
  return EXIT.ok;
}

function comparisonLines(before: Playbook, after: Playbook): string[] {
  const { changes, consequences } = compare(before, after);
  const heading = `Against ${before.identity} (version ${before.version}, in ${before.folder})`;
  if (changes.length === 0) return [`${heading}: no difference.`];
  return [
    heading,
    ...changes.map((text) => `  ${text}`),
    'What that means',
    ...(consequences.length > 0 ? consequences : ['Nothing is asked again.']).map(
      (text) => `  ${text}`,
    ),
  ];
}

/** What a prompt costs beyond what it would cost from the cache, for 1,000 calls. */
function uncachedText(prefixTokens: number, model: Model): string {
  const whole = { input: prefixTokens, cacheRead: 0, cacheWrite: 0, output: 0 };
  const read = { input: 0, cacheRead: prefixTokens, cacheWrite: 0, output: 0 };
  return roundedUsd(1_000 * (costOf(whole, model) - costOf(read, model)));
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
