#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>

#include <stdexcept>

TEST_CASE("passing") { CHECK(1 == 1); }
TEST_CASE("failing") { CHECK(1 == 2); }
TEST_CASE("erring") { throw std::runtime_error("broken"); }
TEST_CASE("skipping", "[.]") { CHECK(1 == 1); }
TEST_CASE("expectedfailure", "[!shouldfail]") { CHECK(1 == 2); }

struct BadSetup {
  BadSetup() { throw std::runtime_error("not ready"); }
};
TEST_CASE_METHOD(BadSetup, "badsetup") { CHECK(1 == 1); }
