// What stands side by side without end, in one file or in many: bounded before room is taken for
// it.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "compiler/compile.h"
#include "compiler/item_guard.h"
#include "compiler/text_check.h"
#include "support/inventory_text.h"
#include "support/memory_files.h"
#include "support/source_text.h"

using namespace sluice;
using test::parse_text;

namespace {

// `make(i)` so many times.
template <class Make>
std::string rows(std::size_t count, const Make& make) {
  std::string made;
  for (std::size_t i = 0; i < count; ++i) made += make(i);
  return made;
}

std::string same(std::size_t count, std::string_view text) {
  return rows(count, [&](std::size_t /*i*/) { return text; });
}

// "2:1 E0101 …", one a line.
std::string compiled(test::MemoryFiles& files) {
  compiler::Options options;
  options.reader = &files;
  test::Parsed parsed;
  const base::FileId file = parsed.sources.add(base::SourceFile("web.deploy", files.main()));
  CHECK_FALSE(compiler::compile(parsed.sources, file, options, parsed.diagnostics));
  return parsed.summary();
}

}  // namespace

TEST_CASE("values of a block, phrases of a step and declarations are bounded") {
  const auto values = [](std::size_t count) {
    return "step \"a\" { run http {\n" +
           rows(count, [](std::size_t i) { return fmt::format("k{} = 1\n", i); }) + "} }";
  };
  CHECK(parse_text(values(compiler::most_values)).summary() == "");
  CHECK(parse_text(values(compiler::most_values + 1)).summary() ==
        "100002:1 E0101 this block has more than 100000 values\n");
  const auto properties = [](std::size_t count) {
    return "role web { target \"a\" {\n" + same(count, "connect local\n") + "} }";
  };
  CHECK(parse_text(properties(compiler::most_values)).summary() == "");
  CHECK(parse_text(properties(compiler::most_values + 1)).summary() ==
        "100002:1 E0101 this block has more than 100000 values\n");

  CHECK(parse_text("role web {\n" + same(compiler::most_values + 1, "connect local\n") + "}")
            .summary() == "100002:1 E0101 this block has more than 100000 values\n");

  const auto phrases = [](std::size_t before, std::size_t within) {
    return "step \"a\"\n" + same(before, "once\n") + "{\n" + same(within, "timeout 1s\n") + "}";
  };
  CHECK(parse_text(phrases(1'000, 1'000)).summary() == "");
  CHECK(parse_text(phrases(1'001, 0)).summary() ==
        "1002:1 E0101 this step has more than 1000 phrases\n");
  CHECK(parse_text(phrases(0, 1'001)).summary() ==
        "1003:1 E0101 this step has more than 1000 phrases\n");

  const auto roles = [](std::size_t count) {
    return rows(count, [](std::size_t i) { return fmt::format("role r{} {{ }}\n", i); });
  };
  const test::Parsed most = parse_text(roles(compiler::most_declarations) + "step \"a\" { }\n");
  CHECK(most.summary() == "");
  CHECK(most.tree.declarations.size() == compiler::most_declarations + 1);
  const test::Parsed more = parse_text(roles(compiler::most_declarations + 1));
  CHECK(more.summary() ==
        "100001:1 E0101 the file has more than 100000 declarations beside its steps\n");
  CHECK_FALSE(more.tree.complete);
  CHECK(parse_text("environment x {\n" + roles(compiler::most_declarations) + "}").summary() ==
        "100001:1 E0101 the file has more than 100000 declarations beside its steps\n");
}

TEST_CASE("steps and child steps are as many as the file holds") {
  const std::string steps = same(110'000, "step \"a\" { run \"x\" }\n");
  CHECK(parse_text(steps).tree.declarations.size() == 110'000);
  CHECK(parse_text("step \"p\" {\n" + steps + "}").summary() == "");
}

TEST_CASE("of a large file with a mistake of syntax nothing is built") {
  const std::string step = "step \"a\" on web { run \"x\" takes 1s }\n";
  const std::string large = same(compiler::most_helped_bytes / step.size() + 1, step);
  const std::size_t lines = compiler::most_helped_bytes / step.size() + 1;
  CHECK(parse_text(large).tree.declarations.size() == lines);
  for (const std::string_view mistake : {"step \"b\" on on { run }\n", "role { }\n"}) {
    for (const bool first : {true, false}) {
      const test::Parsed parsed =
          parse_text(first ? std::string(mistake) + large : large + std::string(mistake));
      CHECK(parsed.diagnostics.error_count() == 1);
      CHECK(parsed.summary().starts_with(fmt::format("{}:", first ? 1 : lines + 1)));
      CHECK(parsed.tree.declarations.empty());
      CHECK_FALSE(parsed.tree.complete);
    }
  }
  // In one step as in many.
  const test::Parsed nested = parse_text("step \"p\" on web {\n" + large + "wndow 3\n}\n");
  CHECK(nested.summary().starts_with(fmt::format("{}:1 E0111 ", lines + 2)));
  CHECK(nested.tree.declarations.empty());
  const test::Parsed open = parse_text(large + "step \"b\" on web {");
  CHECK(open.diagnostics.error_count() == 1);
  CHECK(open.tree.declarations.empty());
}

TEST_CASE("imports end at a thousand mistakes, and at so much text") {
  test::MemoryFiles circle(same(20'000, "import \"web.deploy\"\n"));
  circle.files()["web.deploy"] = circle.main();
  const std::string said = compiled(circle);
  CHECK(said.starts_with("1:8 E0602 files import each other in a circle"));
  CHECK(std::count(said.begin(), said.end(), '\n') == 100);

  test::MemoryFiles many("import \"a\"\nimport \"b\"\nimport \"c\"\n");
  for (const char* name : {"a", "b", "c"}) {
    many.files()[name] = std::string(compiler::most_source_bytes - 100, '\n');
  }
  CHECK(compiled(many) ==
        "3:8 E0603 up to here, the imported files have more than 33554432 bytes in all\n");
}

TEST_CASE("the files that steps run are bounded together") {
  test::MemoryFiles files("deployment \"a\"\n" + rows(3, [](std::size_t i) {
                            return fmt::format(
                                "step \"{}\" {{ run script {{ file = \"large.sh\" }} }}\n", i);
                          }));
  files.files()["large.sh"] = std::string(15'000'000, '#');
  CHECK(compiled(files) ==
        "4:32 E0225 up to here, the files that steps run have more than 33554432 bytes in all\n");
}

TEST_CASE("groups of an inventory are bounded, however they are written") {
  constexpr std::size_t most = 100'000;
  const auto ini = rows(most, [](std::size_t i) { return fmt::format("[g{}]\nh\n", i); });
  const auto children =
      "[a:children]\n" + rows(most, [](std::size_t i) { return fmt::format("g{}\n", i); });
  const auto csv =
      "name,groups\n" + rows(most, [](std::size_t i) { return fmt::format("h,g{}\n", i); });
  const auto json = "{" +
                    rows(most, [](std::size_t i) { return fmt::format("\"g{}\":[\"h\"],", i); }) +
                    "\"z\":[]}";
  const auto yaml = "all:\n  children:\n" + rows(most, [](std::size_t i) {
                      return fmt::format("    g{}: {{hosts: {{h: }}}}\n", i);
                    });
  for (const auto& [name, text] : {std::pair<std::string, std::string>("a.ini", ini),
                                   {"a.ini", children},
                                   {"a.csv", csv},
                                   {"a.json", json},
                                   {"a.yml", yaml}}) {
    const std::string said = test::read_inventory_text(name, text).said;
    CHECK(said.find("E0508]: the inventory has more than 100,000 groups") != std::string::npos);
    CHECK(said.find("1 error") != std::string::npos);
  }
}

TEST_CASE("a host may be in every group of many") {
  const std::string text =
      "{" + rows(20'000, [](std::size_t i) { return fmt::format("\"g{}\":[\"h\", \"h\"],", i); }) +
      "\"z\":[\"h\"]}";
  const test::InventoryText read = test::read_inventory_text("a.json", text);
  CHECK(read.said == "");
  CHECK(read.good);
}

TEST_CASE("a list is no inventory, whatever stands in it") {
  const std::string json = "[" + same(100'000, "1,") + "]]]";
  CHECK(test::read_inventory_text("a.json", json)
            .said.find("a.json:1:1: error[E0507]: an inventory is a map of groups") == 0);
  CHECK(test::read_inventory_text("a.yml", same(100'000, "- a\n") + "[")
            .said.find("a.yml:1:1: error[E0507]: an inventory is a map of groups") == 0);
}

TEST_CASE("columns of a table are bounded before they are kept") {
  const std::string said = test::read_inventory_text("a.csv", same(1'000'000, "a,")).said;
  CHECK(said.find("a.csv:1:20001: error[E0508]: these are more than 10000 columns") == 0);
  const std::string row =
      test::read_inventory_text("a.csv", "name\n" + same(1'000'000, "a,") + "\nb\n").said;
  CHECK(row.find("a.csv:2:3: error[E0511]: this line has 10001 cells, and the header 1") == 0);
  CHECK(row.find("1 error") != std::string::npos);
}
