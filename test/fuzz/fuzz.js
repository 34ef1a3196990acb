// As many generated cases as are asked for: `npm run fuzz [count] [seed]`.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const [count = '200', seed = String(Date.now() % 1_000_000)] = process.argv.slice(2);
console.log(`${count} cases of each kind, seed ${seed}`);
const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));
const { status } = spawnSync(process.execPath, [vitest, 'run', 'test/fuzz'], {
  stdio: 'inherit',
  env: { ...process.env, FUZZ_COUNT: count, FUZZ_SEED: seed },
});
process.exit(status ?? 1);
