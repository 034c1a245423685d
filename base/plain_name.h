// Names that go into commands of others (HAProxy's, systemctl's) as they are.
#pragma once

#include <algorithm>
#include <string_view>

namespace sluice::base {

// No blanks, no controls, nothing beyond ASCII or that ends a command.
inline bool is_plain_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    const bool visible = c > ' ' && c < 127;
    return visible && c != ';' && c != '/' && c != '\\' && c != '"' && c != ',';
  });
}

}  // namespace sluice::base
