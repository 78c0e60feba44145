const { test, describe, before, beforeEach, afterEach, after } = require('node:test');
const assert = require('node:assert');

test('passing', () => {});
test('failing', () => assert.strictEqual(1, 2));
test('erring', () => undefined.nothing);
test('skipping', { skip: 'not here' }, () => {});
test('disabled');
test('expectedfailure', { todo: true }, () => assert.strictEqual(1, 2));
test('unexpectedpass', { todo: true }, () => {});
describe('setup', () => {
  beforeEach(() => { throw new Error('not ready'); });
  test('badsetup', () => {});
});
describe('teardown', () => {
  afterEach(() => { throw new Error('not tidied up'); });
  test('badteardown', () => {});
});
describe('badsuiteteardown suite', () => {
  after(() => { throw new Error('not tidied up'); });
  test('badsuiteteardown', () => {});
});
test('timingout', { timeout: 300 }, () => new Promise((done) => setTimeout(done, 5000)));
