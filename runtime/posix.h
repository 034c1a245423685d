// What calls of the system want again and again.
#pragma once

#include <unistd.h>

#include <string>
#include <vector>

namespace sluice::runtime {

// -1 afterwards; fine where it was -1.
inline void close_descriptor(int& descriptor) {
  if (descriptor >= 0) ::close(descriptor);
  descriptor = -1;
}

// As exec and spawn take their words: they live as long as `words` do.
inline std::vector<char*> null_ended(std::vector<std::string>& words) {
  std::vector<char*> result;
  for (std::string& word : words) result.push_back(word.data());
  result.push_back(nullptr);
  return result;
}

}  // namespace sluice::runtime
