#include "fuzz/harness.h"

namespace sluice::fuzz {

std::span<const Harness> harnesses() {
  static constexpr Harness all[] = {
      {"parse", parse},   {"compile", compile},         {"format", format},
      {"ranges", ranges}, {"expressions", expressions}, {"quantities", quantities},
      {"plans", plans},   {"inventories", inventories},
  };
  return all;
}

}  // namespace sluice::fuzz
