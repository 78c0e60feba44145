test('passing', () => {});
test('failing', () => expect(1).toBe(2));
test('erring', () => undefined.nothing);
test.skip('skipping', () => {});
test.todo('disabled');
test.failing('expectedfailure', () => expect(1).toBe(2));
test.failing('unexpectedpass', () => {});
describe('setup', () => {
  beforeEach(() => { throw new Error('not ready'); });
  test('badsetup', () => {});
});
describe('teardown', () => {
  afterEach(() => { throw new Error('not tidied up'); });
  test('badteardown', () => {});
});
test('timingout', () => new Promise((done) => setTimeout(done, 5000)), 300);
