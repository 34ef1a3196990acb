// For `node --import`: writes every module that is loaded to stderr.
import { register } from 'node:module';

const hook = `export async function resolve(specifier, context, next) {
  const found = await next(specifier, context);
  process._rawDebug('loaded ' + found.url);
  return found;
}`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
