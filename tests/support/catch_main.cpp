// The one Catch2 main of all tests, compiled once.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
