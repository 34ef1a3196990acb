import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { request as ask } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { SIMULATOR_HEADER } from '../../src/claude/retry.ts';
import { main } from '../../src/main.ts';
import { startSimulator, type Simulator } from '../simulator/faulty-server.ts';
import { bin } from '../child.ts';
import { envOf, fails, fakeProcess, hurriedClock, program, sink } from '../program.ts';
import { startProxy, type ForwardProxy } from './forward-proxy.ts';

const folder = mkdtempSync(join(tmpdir(), 'proxy-'));
const TICKETS = join(folder, 'tickets.jsonl');
writeFileSync(
  TICKETS,
  Array.from(
    { length: 40 },
    (_, at) => `{"id":"${at}","body":"Charged twice for number ${at}"}\n`,
  ).join(''),
);
/** Only the proxies of these tests know where it is. */
const UPSTREAM = { ANTHROPIC_BASE_URL: 'https://claude.test', ANTHROPIC_API_KEY: 'test' };

const closing: (() => unknown)[] = [];
afterEach(() => Promise.all(closing.splice(0).map((close) => close())));

async function proxy(given: Parameters<typeof startProxy>[0] = {}): Promise<ForwardProxy> {
  const started = await startProxy(given);
  closing.push(started.close);
  return started;
}

async function simulator(): Promise<Simulator> {
  const started = await startSimulator();
  closing.push(started.close);
  return started;
}

/** The simulator behind TLS, as `claude.test`, and not to be told from Claude by its headers. */
async function upstream(name = 'claude.test') {
  const { url, stats } = await simulator();
  const { key, cert } = certificate(name);
  const pair = { key: readFileSync(key), cert: readFileSync(cert) };
  const server = createServer(pair, (request, response) => {
    const { method = '', headers } = request;
    const inner = ask(`${url}${request.url}`, { method, headers }, (answer) => {
      const { [SIMULATOR_HEADER]: _, ...others } = answer.headers;
      response.writeHead(answer.statusCode ?? 0, others);
      answer.pipe(response);
    });
    inner.on('error', () => response.destroy());
    request.pipe(inner);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return { port: (server.address() as AddressInfo).port, cert, stats };
}

function certificate(name: string) {
  const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-x509'];
  const names = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`];
  execFileSync('openssl', ['req', ...kind, '-keyout', key, '-out', cert, ...names], {
    stdio: 'ignore',
  });
  return { key, cert };
}

const withPassword = (url: string, password: string) => url.replace('//', `//me:${password}@`);

describe('through a proxy', () => {
  // Certificates to trust are read when a process starts.
  test('a run takes HTTPS_PROXY, with credentials that are nowhere shown', async () => {
    const { port, cert, stats } = await upstream();
    const { url, asked } = await proxy({ port, credentials: 'me:s3cr@t%' });
    const { code, stdout, stderr } = await bin(['--no-ledger', '--verbose', '-c', '20', TICKETS], {
      ...UPSTREAM,
      HTTPS_PROXY: withPassword(url, 's3cr%40t%25'),
      NODE_EXTRA_CA_CERTS: cert,
    });
    expect([0, 4], stderr).toContain(code);
    expect(stats.requests).toBeGreaterThanOrEqual(40);
    expect(new Set(asked)).toEqual(new Set(['claude.test:443']));
    // Kept alive, at most one for each call in the air.
    expect(asked.length).toBeLessThanOrEqual(20);
    expect(stderr).toContain(`by proxy  ${url}\n`);
    expect(stdout + stderr).not.toMatch(/s3cr|me:/);
    expect(stdout.trim().split('\n')).toHaveLength(40);
  });

  test('loopback is never asked for through it', async () => {
    const { url, asked } = await proxy();
    const env = { ...envOf(await simulator()), HTTPS_PROXY: url, HTTP_PROXY: url };
    const { stderr } = await program([TICKETS], { env });
    expect(stderr).not.toContain('by proxy');
    expect(asked).toEqual([]);
  });

  test('NO_PROXY goes around it', async () => {
    const { url, asked } = await proxy();
    const env = { ...UPSTREAM, HTTPS_PROXY: url, NO_PROXY: '.test' };
    const stderr = await fails(2, [TICKETS], { env });
    expect(stderr).toContain('no host of the name in https://claude.test');
    expect(stderr).not.toContain('by proxy');
    expect(asked).toEqual([]);
  });

  test('a second signal drops the call that waits for a tunnel', async () => {
    const { url, asked } = await proxy({ manner: 'silent' });
    const stderr = sink();
    const process = fakeProcess(
      [TICKETS],
      { env: { ...UPSTREAM, HTTPS_PROXY: url } },
      sink(),
      stderr,
    );
    const ended = main(process, hurriedClock());
    await expect.poll(() => asked).toHaveLength(1);
    const started = Date.now();
    process.signal('SIGINT');
    process.signal('SIGINT');
    expect(await ended).toBe(130);
    // After ten seconds the call would give up by itself.
    expect(Date.now() - started).toBeLessThan(10_000);
  });
});

describe('ends the run before many tickets are tried', () => {
  test.each([
    ['407 for wrong credentials', { credentials: 'me:right' }, 'answered 407.\n  It wants other'],
    [
      '403 for a host that it does not allow',
      { status: 403 },
      'answered 403.\n  Check HTTPS_PROXY',
    ],
  ])('%s', async (_, given, message) => {
    const { url, asked } = await proxy(given);
    const env = { ...UPSTREAM, HTTPS_PROXY: withPassword(url, 'wrong') };
    const stderr = await fails(2, [TICKETS], { env });
    expect(stderr).toContain(`the proxy ${url} (HTTPS_PROXY) ${message}`);
    expect(stderr).not.toContain('me:wrong');
    expect(asked).toHaveLength(1);
  });

  test('a proxy that refuses the connection', async () => {
    const { url, close } = await startProxy();
    close();
    const stderr = await fails(2, [TICKETS], { env: { ...UPSTREAM, https_proxy: url } });
    expect(stderr).toContain(`the proxy ${url} (https_proxy) could not be reached: ECONNREFUSED`);
  });

  test.each([
    ['that nobody vouches for', 'claude.test', 'DEPTH_ZERO_SELF_SIGNED_CERT', false],
    ['of another host', 'other.test', 'ERR_TLS_CERT_ALTNAME_INVALID', true],
  ])('a certificate %s', async (_, name, why, trusted) => {
    const { port, cert, stats } = await upstream(name);
    const { url } = await proxy({ port });
    const { code, stderr } = await bin(['--no-ledger', TICKETS], {
      ...UPSTREAM,
      HTTPS_PROXY: url,
      ...(trusted && { NODE_EXTRA_CA_CERTS: cert }),
    });
    expect(code, stderr).toBe(2);
    expect(stderr).toContain(`The certificate of https://claude.test is not trusted: ${why}`);
    expect(stderr).toContain('NODE_EXTRA_CA_CERTS');
    expect(stats.requests).toBe(0);
  });

  test.each(['http://', 'nonsense', 'socks5://me:s3cret@proxy:1080', 'http://me:s3cret@pro xy'])(
    'the address %s',
    async (address) => {
      const stderr = await fails(2, [TICKETS], { env: { ...UPSTREAM, HTTP_PROXY: address } });
      expect(stderr).toContain('HTTP_PROXY is not the address of a proxy');
      expect(stderr).not.toContain('s3cret');
    },
  );
});

test.each([
  ['hangs up', { manner: 'hangs up' }, 'could not be reached: ECONNRESET'],
  ['fails itself', { status: 503 }, 'answered 503'],
] as const)(
  'a proxy that %s is asked again, at most four times a ticket',
  async (_, given, why) => {
    const { url, asked } = await proxy(given);
    const args = ['--limit', '1', '--output-format', 'jsonl', TICKETS];
    const env = { ...UPSTREAM, HTTPS_PROXY: url };
    const { code, stdout, stderr } = await program(args, { env });
    expect(code, stderr).toBe(4);
    expect(stdout).toContain(why);
    expect(stderr).not.toContain('unknown cost');
    // The ticket goes to the strong model as well.
    expect([4, 8]).toContain(asked.length);
  },
);
