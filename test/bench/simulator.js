// The simulator in a process of its own, so that it does not count as the program's time.
import { startSimulator } from '../../dist/simulator/simulator.js';

const simulator = await startSimulator(JSON.parse(process.argv[2] ?? '{}'));
process.send(simulator.url);
