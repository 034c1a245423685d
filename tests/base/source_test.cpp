#include "base/source.h"

#include <catch2/catch.hpp>

using sluice::base::Position;
using sluice::base::SourceFile;

TEST_CASE("a position is right in a long line") {
  std::string text = "a\n";
  for (int i = 0; i < 2'000; ++i) text += "é-";  // three bytes, two columns
  text += "\nb";
  const SourceFile file("x", text);
  CHECK(file.position(2) == Position{2, 1});
  CHECK(file.position(2 + 3 * 340 + 2) == Position{2, 682});
  CHECK(file.position(2 + 3 * 1'999) == Position{2, 3'999});
  CHECK(file.position(2 + 3 * 2'000) == Position{2, 4'001});
  CHECK(file.position(2 + 3 * 2'000 + 1) == Position{3, 1});
  CHECK(file.position(2 + 3 * 2'000 + 2) == Position{3, 2});
}

TEST_CASE("a position counts lines from 1 and columns in code points") {
  const SourceFile file("web.deploy", "role é {\r\n}\n");
  CHECK(file.position(0) == Position{1, 1});
  CHECK(file.position(8) == Position{1, 8});  // é is two bytes and one column
  CHECK(file.position(11) == Position{2, 1});
  CHECK(file.line(1) == "role é {");
  CHECK(file.line_count() == 3);
}
