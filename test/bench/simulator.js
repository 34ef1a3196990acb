// The faulty server in a process of its own, so that it does not count as the program's time: tells its
// address, and, asked for it, what it has seen.
import { startSimulator } from './dist/test/simulator/faulty-server.js';

const { latency = 0, phases = [{ from: 0 }] } = JSON.parse(process.argv[2] ?? '{}');
let first = null;
let last = null;
/** Milliseconds that all answers together took. */
let work = 0;

const { url, stats, set } = await startSimulator({ now, latency: drawn, ...watched(phases[0]) });
process.on('message', () => process.send({ seconds: (last - first) / 1000, work, stats }));
process.once('disconnect', () => process.exit());
process.send(url);

/** With a failure that never comes, but is asked about with each request, those refused as well. */
function watched({ failures = [], ...phase }) {
  const look = { what: 'hang', when: () => now() === null };
  return { ...phase, failures: [look, ...failures] };
}

/** Looked at when a request comes in and when its answer goes out. */
function now() {
  last = Date.now();
  if (first === null) {
    first = last;
    for (const phase of phases.slice(1)) {
      setTimeout(() => set(watched(phase)), phase.from * 1000);
    }
  }
  return last;
}

function drawn() {
  const milliseconds = latency * (0.5 + Math.random());
  work += milliseconds;
  return milliseconds;
}
