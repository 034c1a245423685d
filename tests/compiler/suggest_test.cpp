#include "compiler/suggest.h"

#include <catch2/catch.hpp>

using sluice::compiler::did_you_mean;
using sluice::compiler::nearest;

TEST_CASE("the nearest word is found by letters changed, left out, added or swapped") {
  const std::vector<std::string> words{"window", "with", "timeout", "retry", "on", "once"};
  CHECK(nearest("windw", words) == "window");
  CHECK(nearest("wndow", words) == "window");
  CHECK(nearest("windoww", words) == "window");
  CHECK(nearest("winodw", words) == "window");
  CHECK(nearest("timout", words) == "timeout");
  CHECK(nearest("retyr", words) == "retry");
  CHECK(nearest("onec", words) == "once");
}

TEST_CASE("a word that is near to nothing gets no suggestion") {
  const std::vector<std::string> words{"window", "with", "timeout", "retry", "on", "once"};
  CHECK(nearest("parallel", words).empty());
  CHECK(nearest("", words).empty());
  CHECK(nearest("xy", words).empty());
  CHECK(nearest(std::string(1000, 'w'), words).empty());
  CHECK(nearest("windw", {}).empty());
  CHECK(did_you_mean("parallel", words).empty());
}

TEST_CASE("of words equally near the first is suggested") {
  CHECK(did_you_mean("wb", std::vector<std::string>{"web", "wab"}) ==
        std::vector<std::string>{"did you mean `web`?"});
}
