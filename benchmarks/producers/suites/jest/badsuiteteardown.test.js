afterAll(() => { throw new Error('not tidied up'); });
test('badsuiteteardown', () => {});
