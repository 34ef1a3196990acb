const HERE = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Whether a URL leads to a server on this machine. */
export function isHere(url: string): boolean {
  return URL.canParse(url) && HERE.test(new URL(url).hostname);
}
