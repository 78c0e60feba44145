// Without a describe its suite would be called as those of the other files, and what fails here be of their tests, too.
describe('untidy', () => {
  afterAll(() => { throw new Error('not tidied up'); });
  test('badsuiteteardown', () => {});
});
