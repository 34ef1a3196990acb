import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { createServer } from 'node:http';

export interface ForwardProxy {
  url: string;
  /** `host:port` of each tunnel that was asked for, also those refused. */
  asked: string[];
  close: () => void;
}

interface Given {
  /** Where every tunnel leads, whatever host was asked for. */
  port?: number;
  /** `user:password`, without which the answer is 407. */
  credentials?: string;
  /** Answers with this instead of a tunnel. */
  status?: number;
  /** Takes the request and says nothing, or goes away. */
  manner?: 'silent' | 'hangs up';
}

/** A real proxy on loopback, for tunnels alone; plain requests it answers with 400. */
export async function startProxy(given: Given = {}): Promise<ForwardProxy> {
  const asked: string[] = [];
  const open = new Set<Socket>();
  const server = createServer((_request, response) => response.writeHead(400).end());
  server.on('connection', (socket) => open.add(socket));
  server.on('connect', (request, client) => {
    asked.push(request.url ?? '');
    client.on('error', () => {});
    if (given.manner === 'silent') return;
    if (given.manner === 'hangs up') {
      client.destroy();
      return;
    }
    const basic = given.credentials && Buffer.from(given.credentials).toString('base64');
    const isKnown = !basic || request.headers['proxy-authorization'] === `Basic ${basic}`;
    const status = isKnown ? given.status : 407;
    if (status !== undefined) {
      client.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    const upstream = connect(given.port ?? 0, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      client.pipe(upstream).pipe(client);
    });
    upstream.on('error', () => client.destroy());
    client.on('close', () => upstream.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
