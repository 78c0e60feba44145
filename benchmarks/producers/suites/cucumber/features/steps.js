const { After, AfterAll, Before, Given, setDefaultTimeout } = require('@cucumber/cucumber');

let tries = 0;
setDefaultTimeout(300);
Given('it works', () => {});
Given('it fails', () => { throw new Error('one is not two'); });
Given('it is skipped', () => 'skipped');
Given('it is pending', () => 'pending');
Given('it works the second time', () => { tries += 1; if (tries < 2) throw new Error('not yet'); });
Given('it never ends', () => new Promise(() => {}));
Before({ tags: '@bad_setup' }, () => { throw new Error('not ready'); });
After({ tags: '@bad_teardown' }, () => { throw new Error('not tidied up'); });
if (process.env.BAD_SUITE) AfterAll(() => { throw new Error('not tidied up'); });
