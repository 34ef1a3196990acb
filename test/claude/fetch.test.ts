import { once } from 'node:events';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { openFetch } from '../../src/claude/fetch.ts';

let server: Server;
afterEach(() => {
  server.close();
  server.closeAllConnections();
});

async function serving(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/messages`;
}

const fetch = openFetch(() => null, 5);
const post = { method: 'POST', headers: { authorization: 'Bearer key' }, body: '{"é":1}' };

test('method, headers and body go out, status, headers and body come in', async () => {
  const url = await serving((request, response) => {
    const { authorization, 'accept-encoding': encoding } = request.headers;
    response.writeHead(529, { 'request-id': 'req_1', 'set-cookie': ['a=1', 'b=2'] });
    response.write(`${request.method} ${authorization} ${encoding} `);
    request.pipe(response);
  });
  const response = await fetch(url, post);
  expect([response.status, response.ok]).toEqual([529, false]);
  expect(response.headers.get('request-id')).toBe('req_1');
  expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  expect(await response.text()).toBe('POST Bearer key identity {"é":1}');
});

test('connections are kept, and carry one request at a time', async () => {
  const sockets = new Set();
  const inAir: ServerResponse[] = [];
  const url = await serving((request, response) => {
    sockets.add(request.socket);
    inAir.push(response);
    // Nobody is answered before five are there.
    if (inAir.length === 5) for (const each of inAir.splice(0)) each.end('{}');
  });
  for (let round = 0; round < 3; round++) {
    await Promise.all(Array.from({ length: 5 }, () => fetch(url, post)));
  }
  expect(sockets.size).toBe(5);
});

test("a batch's results come in before they have all been sent", async () => {
  let end = () => {};
  const url = await serving((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/x-jsonl' });
    response.write('{"a":1}\n');
    end = () => response.destroy();
  });
  const { body } = await fetch(url, post);
  const reader = body?.getReader();
  const first = await reader?.read();
  expect(Buffer.from(first?.value ?? []).toString()).toBe('{"a":1}\n');
  end();
  await expect(reader?.read()).rejects.toThrow('terminated');
});

test.each([
  ['gzip', gzipSync],
  ['x-gzip', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
])('a body in %s is read, though it was not asked for', async (encoding, compress) => {
  const url = await serving((_request, response) => {
    response.writeHead(200, { 'content-encoding': encoding }).end(compress('{"é":1}'));
  });
  expect(await (await fetch(url, post)).json()).toEqual({ é: 1 });
});

test('what is said before the answer is stepped over', async () => {
  const url = await serving((_request, response) => {
    response.writeContinue();
    response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' });
    response.writeProcessing();
    setImmediate(() => response.end('{"a":1}'));
  });
  expect(await (await fetch(url, post)).json()).toEqual({ a: 1 });
});

test('a server that repeats the key does not make it known', async () => {
  const url = await serving((request, response) => {
    response.writeHead(400).end(`no ${request.headers.authorization}, é`);
  });
  const headers = { authorization: 'Bearer sk-ant-secret' };
  expect(await (await fetch(url, { ...post, headers })).text()).toBe('no Bearer …, é');
});

test('a redirect is not followed', async () => {
  let requests = 0;
  const url = await serving((_request, response) => {
    requests++;
    response.writeHead(307, { location: '/elsewhere' }).end();
  });
  const response = await fetch(url, post);
  expect([response.status, requests]).toEqual([307, 1]);
});

test('a response may have no body', async () => {
  const url = await serving((_request, response) => response.writeHead(204).end());
  expect(await (await fetch(url, post)).text()).toBe('');
});

test('a body that breaks off fails when it is looked at, as in Node’s own fetch', async () => {
  const url = await serving((_request, response) => {
    response.writeHead(529, { 'content-length': 100 });
    response.write('{"a":', () => response.destroy());
  });
  const response = await fetch(url, post);
  expect(response.status).toBe(529);
  await expect(response.json()).rejects.toThrow(new TypeError('terminated'));
});

test('an abort is heard before it goes out, before the headers and while the body comes', async () => {
  const stages: string[] = [];
  const url = await serving((request, response) => {
    stages.push(request.url ?? '');
    if (request.url?.endsWith('body')) response.writeHead(200).write('{"a":');
  });
  await expect(fetch(url, { ...post, signal: AbortSignal.abort() })).rejects.toThrow('abort');
  expect(stages).toEqual([]);
  for (const stage of ['headers', 'body']) {
    const controller = new AbortController();
    const sent = fetch(`${url}/${stage}`, { ...post, signal: controller.signal });
    await expect.poll(() => stages.at(-1)).toContain(stage);
    controller.abort();
    await expect(sent.then((response) => response.json())).rejects.toThrow(/abort|terminated/);
  }
});

test('a failed connection carries its code to the bottom', async () => {
  const url = await serving(() => {});
  server.close();
  server.closeAllConnections();
  const error: unknown = await fetch(url, post).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ cause: { cause: { code: 'ECONNREFUSED' } } });
});
