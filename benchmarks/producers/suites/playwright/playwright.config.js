module.exports = { testDir: '.', timeout: 500 };
