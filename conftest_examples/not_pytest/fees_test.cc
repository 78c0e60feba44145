// Tests of how fees are rounded, for GoogleTest. reports/fees.xml is what they wrote where they were built:
//   g++ fees_test.cc -lgtest -lgtest_main -o fees_test && TZ=UTC ./fees_test --gtest_output=xml:reports/fees.xml
#include <gtest/gtest.h>

// The fee of a transfer in cents: 0.25 %, rounded half to even.
long fee(long cents) {
  const long quotient = cents / 400, rest = cents % 400;
  return quotient + (rest > 200 || (rest == 200 && quotient % 2 == 1));
}

TEST(FeesTest, RoundHalfToEven) {
  EXPECT_EQ(fee(200), 0);
  EXPECT_EQ(fee(600), 2);
  EXPECT_EQ(fee(1000), 2);
}

TEST(FeesTest, NeverTakeMoreThanThereIs) {
  for (long cents = 1; cents < 1000; ++cents) EXPECT_LE(fee(cents), cents);
}
