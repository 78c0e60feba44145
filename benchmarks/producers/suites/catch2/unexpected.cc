#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>

TEST_CASE("unexpectedpass", "[!shouldfail]") { CHECK(1 == 1); }
