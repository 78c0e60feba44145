const { expect, test } = require('@playwright/test');

test('passing', () => {});
test('failing', () => expect(1).toBe(2));
test('erring', () => undefined.nothing);
test('skipping', () => test.skip(true, 'not here'));
test.fixme('disabled', () => {});
test.describe('retried', () => {
  test.describe.configure({ retries: 2 });
  test('flaking', ({}, info) => expect(info.retry).toBe(1));
});
test.fail('expectedfailure', () => expect(1).toBe(2));
test.fail('unexpectedpass', () => {});
test.describe('setup', () => {
  test.beforeEach(() => { throw new Error('not ready'); });
  test('badsetup', () => {});
});
test.describe('teardown', () => {
  test.afterEach(() => { throw new Error('not tidied up'); });
  test('badteardown', () => {});
});
test.describe('suite', () => {
  test.afterAll(() => { throw new Error('not tidied up'); });
  test('badsuiteteardown', () => {});
});
test('timingout', () => new Promise(() => {}));
