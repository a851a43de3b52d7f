/**
 * Page server: one page and its files on 127.0.0.1, isolated so that SharedArrayBuffer exists.
 *
 * Refusal  serves what it was given and nothing from disk.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const ISOLATED = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};

/** A server that runs. */
export interface PageServer {
  /** Where the page is, with a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

/** Serves an empty page that loads `script` as a module. */
export async function servePage(script: string): Promise<PageServer> {
  const head = '<!doctype html><meta charset="utf-8"><title>gpuheap</title>';
  const page = `${head}<script type="module" src="page.js"></script>`;
  const files = new Map([
    ['/', { type: 'text/html', text: page }],
    ['/page.js', { type: 'text/javascript', text: script }],
  ]);
  const server = createServer((request, response) => {
    const file = files.get(request.url ?? '');
    if (file === undefined) {
      response.writeHead(404, ISOLATED).end();
      return;
    }
    response.writeHead(200, { ...ISOLATED, 'Content-Type': `${file.type}; charset=utf-8` }).end(file.text);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
