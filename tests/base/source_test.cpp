#include "base/source.h"

#include <catch2/catch.hpp>

using sluice::base::Position;
using sluice::base::SourceFile;

TEST_CASE("a position counts lines from 1 and columns in code points") {
  const SourceFile file("web.deploy", "role é {\r\n}\n");
  CHECK(file.position(0) == Position{1, 1});
  CHECK(file.position(8) == Position{1, 8});  // é is two bytes and one column
  CHECK(file.position(11) == Position{2, 1});
  CHECK(file.line(1) == "role é {");
  CHECK(file.line_count() == 3);
}
