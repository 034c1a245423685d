// What Ansible reads out of inventories.
#pragma once

#include <string>
#include <vector>

namespace sluice::test {

// The JSON that tests/compiler/ansible_listing.py prints for these words: options and files.
std::string ask_ansible(const std::vector<std::string>& words);

}  // namespace sluice::test
