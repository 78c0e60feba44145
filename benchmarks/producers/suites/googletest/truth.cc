#include <gtest/gtest.h>

#include <stdexcept>

TEST(Truth, passing) {}
TEST(Truth, failing) { EXPECT_EQ(1, 2); }
TEST(Truth, erring) { throw std::runtime_error("broken"); }
TEST(Truth, skipping) { GTEST_SKIP() << "not here"; }
TEST(Truth, DISABLED_disabled) {}

struct BadSetup : testing::Test {
  void SetUp() override { FAIL() << "not ready"; }
};
TEST_F(BadSetup, badsetup) {}

struct BadTeardown : testing::Test {
  void TearDown() override { FAIL() << "not tidied up"; }
};
TEST_F(BadTeardown, badteardown) {}

struct BadSuite : testing::Test {
  static void TearDownTestSuite() { FAIL() << "not tidied up"; }
};
TEST_F(BadSuite, badsuiteteardown) {}
