// What a mail says, as RFC 5322 and RFC 2047 want it written. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::runtime {

// "a@x, b@y" apart. Fails on what is no plain address, and on none at all, saying which: nothing in
// one can end a header or a command of SMTP.
base::Result<std::vector<std::string>> mail_addresses(std::string_view text);

// A header's value: as it is where it is printable ASCII of one line, else in encoded words of
// UTF-8 in base64, each of at most 75 characters and of whole characters. Line ends become blanks.
std::string header_text(std::string_view text);

// "Wed, 25 Nov 2026 22:33:30 +0000", of seconds since 1970.
std::string mail_date(std::int64_t seconds);

}  // namespace sluice::runtime
