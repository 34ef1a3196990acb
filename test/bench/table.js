// Medians in, lines of the table out, with the targets that were missed.

const COLUMNS = [
  ['', 16, (_, program) => program],
  ['seconds', 8, ({ seconds }) => seconds.toFixed(1)],
  ['of ideal', 9, ({ share }) => (Number.isNaN(share) ? '' : share.toFixed(2))],
  ['calls', 8, ({ calls }) => String(calls)],
  ['strong', 7, ({ strong }) => String(strong)],
  ['429', 7, ({ refused }) => `${(refused * 100).toFixed(1)} %`],
  ['lost', 7, ({ lost }) => String(lost)],
  ['triage', 7, ({ triage }) => String(triage)],
  ['writes', 7, ({ writes }) => String(writes)],
  ['cost', 9, ({ dollars }) => `$${dollars.toFixed(2)}`],
  ['peak MB', 8, ({ megabytes }) => megabytes.toFixed(0)],
  ['CPU ms', 7, ({ cpu }) => cpu.toFixed(2)],
];

export function header(rounds) {
  const notes = [
    rounds === 1 ? 'One round.' : `Medians of ${rounds} rounds.`,
    'seconds: first request to last answer. strong: calls to it. lost: rows without labels.',
    'triage: rows for a human. writes: to the cache, of the model with most. CPU ms: a ticket.',
  ];
  return [...notes, '', line(COLUMNS.map(([name]) => name))].join('\n');
}

/** @param before the scenario's smaller run, if it had one. */
export function rowsOf({ number, name, tickets, target }, medians, before) {
  const rows = [...medians].map(([program, figures]) =>
    line(COLUMNS.map(([, , cell]) => cell(figures, program))),
  );
  const [own, plain] = medians.values();
  const missed = missedOf(target, { own, plain, smaller: before?.values().next().value });
  const title = `${number}. ${name}; ${tickets} tickets`;
  return [title, ...rows, ...missed.map((text) => `  missed: ${text}`)].join('\n');
}

function missedOf(target, { own, plain, smaller }) {
  const missed = [];
  for (const name of ['lost', 'triage', 'refused', 'writes']) {
    if (own[name] > target[name]) missed.push(`${name} ${own[name]} > ${target[name]}`);
  }
  if (own.share < target.share)
    missed.push(`${own.share.toFixed(3)} of the ideal < ${target.share}`);
  const times = own.cpu / plain.cpu;
  if (times > target.cpu) missed.push(`${times.toFixed(2)} times the CPU > ${target.cpu}`);
  const more = own.megabytes - (smaller?.megabytes ?? own.megabytes);
  if (more > target.moreMemory) missed.push(`${more.toFixed(0)} MB more > ${target.moreMemory}`);
  return missed;
}

function line(cells) {
  const [first, ...rest] = cells;
  const padded = rest.map((cell, at) => cell.padStart(COLUMNS[at + 1][1]));
  return [`  ${first.padEnd(COLUMNS[0][1])}`, ...padded].join('');
}
