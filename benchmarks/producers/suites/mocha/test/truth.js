const assert = require('node:assert');

let tries = 0;
describe('truth', () => {
  it('passing', () => {});
  it('failing', () => assert.strictEqual(1, 2));
  it('erring', () => undefined.nothing);
  it('skipping', function () { this.skip(); });
  it('disabled');
  it('flaking', () => { tries += 1; assert.ok(tries > 1); }).retries(2);
  it('timingout', (done) => { setTimeout(done, 5000); }).timeout(300);
});
describe('setup', () => {
  beforeEach(() => { throw new Error('not ready'); });
  it('badsetup', () => {});
});
describe('teardown', () => {
  afterEach(() => { throw new Error('not tidied up'); });
  it('badteardown', () => {});
});
describe('badsuiteteardown', () => {
  after(() => { throw new Error('not tidied up'); });
  it('it', () => {});
});
