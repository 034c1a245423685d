// SHA-256 (FIPS 180-4) of bytes, through OpenSSL, which this file's source alone includes.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace sluice::base {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void add(std::string_view bytes);
  // 64 lower-case hexadecimal digits. Ends the computation: nothing may be added after.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string sha256_hex(std::string_view bytes);

}  // namespace sluice::base
