export { digest } from './digest.ts';
export { validate } from './validate.ts';
