// Inventories against Ansible's own reading of the same files, case by case, and what is particular
// to ours: formats that Ansible has not, limits, places of mistakes.
#include "compiler/inventory.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <nlohmann/json.hpp>

#include "compiler/inventory_read.h"
#include "support/ansible.h"
#include "support/golden.h"
#include "support/inventory_text.h"
#include "support/paths.h"

using namespace sluice;
using nlohmann::json;
using test::read_inventory_text;

namespace {

struct Case {
  std::string name;
  std::string text;
  bool we_refuse = false;  // and Ansible does not
};

// `=== NAME` begins a case; `(we refuse)` behind it says that Ansible is content.
std::vector<Case> read_cases(const std::string& file) {
  std::vector<Case> cases;
  const std::string all =
      test::read_text(test::source_dir() + "/tests/compiler/inventories/" + file);
  for (std::size_t begin = 0; begin < all.size();) {
    const std::size_t end = std::min(all.find('\n', begin), all.size());
    const std::string line = all.substr(begin, end - begin);
    if (line.rfind("=== ", 0) == 0) {
      const std::size_t space = line.find(' ', 4);
      cases.push_back({line.substr(4, space - 4), "", space != std::string::npos});
    } else {
      cases.back().text += line + "\n";
    }
    begin = end + 1;
  }
  return cases;
}

// What no property can hold is not compared: a map, null, a list of more than plain values.
bool is_held(const json& value) {
  if (value.is_null() || value.is_object()) return false;
  if (!value.is_array()) return true;
  return std::all_of(value.begin(), value.end(),
                     [](const json& item) { return item.is_primitive() && !item.is_null(); });
}

// 5.0 is 5, and a text that is marked as unsafe is a text.
void as_values(json& value) {
  if (value.is_object() && value.contains("__ansible_unsafe")) {
    value = json(value["__ansible_unsafe"]);
  } else if (value.is_structured()) {
    for (json& item : value) as_values(item);
  } else if (value.is_number_float() && value.get<double>() == std::floor(value.get<double>())) {
    value = value.get<std::int64_t>();
  }
}

json held_alone(json listing) {
  as_values(listing);
  json& hosts = listing["_meta"]["hostvars"];
  for (auto host = hosts.begin(); host != hosts.end();) {
    for (auto variable = host->begin(); variable != host->end();) {
      variable = is_held(*variable) ? std::next(variable) : host->erase(variable);
    }
    host = host->empty() ? hosts.erase(host) : std::next(host);
  }
  return listing;
}

}  // namespace

TEST_CASE("INI and YAML inventories are read as Ansible reads them") {
  const test::TemporaryDirectory folder;
  std::vector<Case> cases = read_cases("ini.txt");
  const std::vector<Case> yaml = read_cases("yaml.txt");
  cases.insert(cases.end(), yaml.begin(), yaml.end());
  std::vector<std::string> files;
  for (Case& one : cases) {
    if (one.name == "crlf.ini") {
      for (std::size_t at = 0; (at = one.text.find('\n', at)) != std::string::npos; at += 2) {
        one.text.insert(at, "\r");
      }
    }
    files.push_back(folder.path() + "/" + one.name);
    test::write_text(files.back(), one.text);
  }
  const json theirs = json::parse(test::ask_ansible(files));
  std::size_t read_by_both = 0;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    INFO(cases[i].name << "\n" << cases[i].text);
    const test::InventoryText ours = read_inventory_text(cases[i].name, cases[i].text);
    INFO(ours.said);
    const json& listing = theirs[files[i]];
    if (cases[i].we_refuse) {
      CHECK_FALSE(ours.good);
      CHECK_FALSE(listing.is_null());
      continue;
    }
    CHECK(ours.good == !listing.is_null());
    if (!ours.good || listing.is_null()) continue;
    CHECK(json::parse(ours.listing).dump(1) == held_alone(listing).dump(1));
    ++read_by_both;
    // What Ansible prints is an inventory of its own, with the same meaning.
    const test::InventoryText again = read_inventory_text("listing.json", listing.dump());
    INFO(again.said);
    CHECK(json::parse(again.listing)["_meta"] == json::parse(ours.listing)["_meta"]);
  }
  CHECK(read_by_both >= 60);
}
