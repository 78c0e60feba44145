import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';

let tries = 0;
test('passing', () => {});
test('failing', () => expect(1).toBe(2));
test('erring', () => undefined.nothing);
test('skipping', (context) => context.skip('not here'));
test.todo('disabled');
test('flaking', { retry: 2 }, () => { tries += 1; expect(tries).toBeGreaterThan(1); });
test.fails('expectedfailure', () => expect(1).toBe(2));
test.fails('unexpectedpass', () => {});
describe('setup', () => {
  beforeEach(() => { throw new Error('not ready'); });
  test('badsetup', () => {});
});
describe('teardown', () => {
  afterEach(() => { throw new Error('not tidied up'); });
  test('badteardown', () => {});
});
describe('badsuiteteardown', () => {
  afterAll(() => { throw new Error('not tidied up'); });
  test('it', () => {});
});
test('timingout', { timeout: 300 }, () => new Promise((done) => setTimeout(done, 5000)));
