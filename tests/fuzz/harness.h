// What must hold of any bytes. Each harness is one function that checks with SLUICE_CHECK;
// libFuzzer calls it with what it makes up (scripts/fuzz), the test suite with every file of its
// corpus.
#pragma once

#include <span>
#include <string_view>

namespace sluice::fuzz {

struct Harness {
  std::string_view name;  // as its folder below corpus/
  void (*run)(std::string_view bytes);
};

void parse(std::string_view bytes);        // a `.deploy` file to its syntax tree
void compile(std::string_view bytes);      // … to its plan
void format(std::string_view bytes);       // … to the one layout
void expressions(std::string_view bytes);  // an expression, compiled and worked out
void ranges(std::string_view bytes);       // a target's name with ranges
void quantities(std::string_view bytes);   // `1h30m`, `500kB`
void plans(std::string_view bytes);        // a saved plan
void inventories(std::string_view bytes);  // INI, YAML, JSON or CSV, as its first line says

std::span<const Harness> harnesses();

}  // namespace sluice::fuzz
