#include "base/json_writer.h"

#include <catch2/catch.hpp>

using sluice::base::JsonWriter;

TEST_CASE("a document is written without white space, in the order given") {
  std::string text;
  JsonWriter json(text);
  json.begin_object().member("b", 1).member("a", "x").key("list").begin_array();
  json.value(true).null().value(std::int64_t{-5}).begin_object().end_object();
  json.begin_array().end_array().end_array().end_object();
  CHECK(text == R"({"b":1,"a":"x","list":[true,null,-5,{},[]]})");
}

TEST_CASE("text is escaped, and invalid UTF-8 is replaced") {
  std::string text;
  JsonWriter json(text);
  json.value(std::string_view("\"\\\n\t\r\x01\x1f\x7f é 😀 \xff \xc3", 20));
  CHECK(text == "\"\\\"\\\\\\n\\t\\r\\u0001\\u001f\\u007f é 😀 \xEF\xBF\xBD \xEF\xBF\xBD\"");
}

TEST_CASE("numbers are written so that they read back the same") {
  std::string text;
  JsonWriter json(text);
  json.begin_array().value(0.1).value(1e300).value(2.0).value(~std::uint64_t{0}).end_array();
  CHECK(text == "[0.1,1e+300,2,18446744073709551615]");
}
