#include "base/utf8.h"

#include <catch2/catch.hpp>

using namespace sluice::base;

TEST_CASE("valid code points decode, of every length") {
  CHECK(decode_utf8("a").value == U'a');
  CHECK(decode_utf8("é").value == U'é');
  CHECK(decode_utf8("€").value == U'€');
  CHECK(decode_utf8("😀").value == U'😀');
  for (const char32_t value : {U'\x7f', U'\x80', U'\x7ff', U'\x800', U'\xffff', U'\x10ffff'}) {
    std::string text;
    append_utf8(text, value);
    CHECK(decode_utf8(text).value == value);
    CHECK(decode_utf8(text).bytes == text.size());
  }
}

TEST_CASE("what RFC 3629 forbids is not valid") {
  for (const std::string_view text :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xc3", "\xe2\x82", "\xc3(",
        "\xf0\x9f\x98"}) {
    CHECK_FALSE(decode_utf8(text).valid);
    CHECK(find_invalid_utf8(std::string("ok") + std::string(text)) == 2);
  }
  CHECK(find_invalid_utf8("é😀") == std::string_view::npos);
}

TEST_CASE("what cannot be seen is written out") {
  CHECK(printable("a\x1b[31mb") == "a\\u{1B}[31mb");
  CHECK(printable("a\nb\tc") == "a\\nb\\tc");
  CHECK(printable("x\xE2\x80\xAEy") == "x\\u{202E}y");
  CHECK(printable("\xff") == "\\xFF");
}

TEST_CASE("widths are a terminal's") {
  CHECK(display_width("abc") == 3);
  CHECK(display_width("é") == 1);
  CHECK(display_width("日本") == 4);
  CHECK(display_width("e\xCC\x81") == 1);  // a combining accent
}
