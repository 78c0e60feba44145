#define BOOST_TEST_MODULE truth
#include <boost/test/included/unit_test.hpp>
#include <stdexcept>
#include <unistd.h>

namespace unit = boost::unit_test;

BOOST_AUTO_TEST_CASE(passing) { BOOST_TEST(1 == 1); }
BOOST_AUTO_TEST_CASE(failing) { BOOST_TEST(1 == 2); }
BOOST_AUTO_TEST_CASE(erring) { throw std::runtime_error("broken"); }
BOOST_AUTO_TEST_CASE(skipping, *unit::precondition([](unit::test_unit_id) { return false; })) { BOOST_TEST(1 == 1); }
BOOST_AUTO_TEST_CASE(disabled, *unit::disabled()) { BOOST_TEST(1 == 1); }
BOOST_AUTO_TEST_CASE(expectedfailure, *unit::expected_failures(1)) { BOOST_TEST(1 == 2); }

struct BadSetup {
  BadSetup() { throw std::runtime_error("not ready"); }
};
BOOST_FIXTURE_TEST_CASE(badsetup, BadSetup) { BOOST_TEST(1 == 1); }

struct BadTeardown {
  void teardown() { throw std::runtime_error("not tidied up"); }
};
BOOST_FIXTURE_TEST_CASE(badteardown, BadTeardown) { BOOST_TEST(1 == 1); }
BOOST_AUTO_TEST_CASE(timingout, *unit::timeout(1)) { sleep(30); }

struct BadSuite {
  void teardown() { throw std::runtime_error("not tidied up"); }
};
BOOST_AUTO_TEST_SUITE(badsuiteteardown, *unit::fixture<BadSuite>())
BOOST_AUTO_TEST_CASE(it) { BOOST_TEST(1 == 1); }
BOOST_AUTO_TEST_SUITE_END()
