// The values of a plan's secrets: read once, when a run begins, and known to nobody but who hands
// them on. A SecretText has no formatter, no conversion and no operator<<: what would print one
// does not compile.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "plan/plan.h"

namespace sluice::runtime {

class SecretText {
 public:
  explicit SecretText(std::string value) : value_(std::move(value)) {}
  ~SecretText();
  SecretText(SecretText&&) noexcept = default;
  SecretText& operator=(SecretText&&) = delete;
  SecretText(const SecretText&) = delete;
  SecretText& operator=(const SecretText&) = delete;

  // For who hands it on, and for the mask; each use is a place to look at.
  std::string_view reveal() const { return value_; }

 private:
  std::string value_;
};

class Secrets {
 public:
  // nullptr where the plan has none of that name.
  const SecretText* find(std::string_view name) const;
  bool empty() const { return values_.empty(); }
  // What must not be seen, for the mask.
  std::vector<std::string_view> reveal_all() const;
  void add(const std::string& name, std::string value);

 private:
  std::map<std::string, SecretText, std::less<>> values_;
};

// A shorter one could not be told from other text in what is written.
inline constexpr std::size_t fewest_secret_bytes = 8;
inline constexpr std::size_t most_secret_bytes = 64 * std::size_t{1024};

// Reads them all: those of the environment first, which are then taken out of it (and written over
// where they stood), so that nothing that is started inherits them. Paths and commands are relative
// to `directory`; a command is one of `sh`, gets no input, has a minute, and one line end of what
// it prints (and of a file) is taken off. The error names the secret and never its value.
base::Result<Secrets> read_secrets(const plan::Plan& plan, const std::string& directory);

// No core file of this program, and no other process may look into it, from here on.
void keep_memory_private();

}  // namespace sluice::runtime
