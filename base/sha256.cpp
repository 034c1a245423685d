#include "base/sha256.h"

// The functions of SHA-256 alone: EVP would set up all of OpenSSL first, which takes longer than to
// check a small file (docs/decisions/quick-start.md).
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include <array>

#include "base/check.h"

namespace sluice::base {

struct Sha256::State {
  SHA256_CTX context{};
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  SLUICE_CHECK(SHA256_Init(&state_->context) == 1, "SHA-256 is not to be had from OpenSSL");
}

Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::add(std::string_view bytes) {
  SLUICE_CHECK(SHA256_Update(&state_->context, bytes.data(), bytes.size()) == 1,
               "SHA-256 took no bytes");
}

std::string Sha256::hex() {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SLUICE_CHECK(SHA256_Final(digest.data(), &state_->context) == 1, "SHA-256 gave no digest");
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(digest.size() * 2);
  for (const unsigned char byte : digest) {
    text.push_back(digits[byte >> 4U]);
    text.push_back(digits[byte & 0x0fU]);
  }
  return text;
}

std::string sha256_hex(std::string_view bytes) {
  Sha256 hash;
  hash.add(bytes);
  return hash.hex();
}

}  // namespace sluice::base
