// Whole inventories, with what stands beside them, as a user has them: the targets, roles,
// properties and connections of the plan against the hosts, groups and variables of Ansible.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "support/ansible.h"
#include "support/golden.h"
#include "support/paths.h"

namespace {

using nlohmann::json;
using sluice::test::ProgramResult;
using sluice::test::read_text;
using sluice::test::run_program;
using sluice::test::TemporaryDirectory;
using sluice::test::write_text;

struct Case {
  std::string name;
  std::vector<std::pair<std::string, std::string>> files;  // path and text; first the inventory
};

std::vector<Case> read_cases() {
  const std::string all = read_text(sluice::test::source_dir() + "/tests/cli/inventories.txt");
  std::vector<Case> cases;
  std::size_t begin = all.find("\n=== ") + 1;
  while (begin < all.size()) {
    const std::size_t end = std::min(all.find('\n', begin), all.size());
    const std::string line = all.substr(begin, end - begin);
    if (line.rfind("=== ", 0) == 0) {
      cases.push_back({line.substr(4), {}});
    } else if (line.rfind("--- ", 0) == 0) {
      cases.back().files.emplace_back(line.substr(4), "");
    } else {
      cases.back().files.back().second += line + "\n";
    }
    begin = end + 1;
  }
  return cases;
}

// A value of a saved plan as JSON has it. Numbers there are millionths.
json plain(const json& value) {
  const json::const_iterator only = value.begin();
  const json& content = only.value();
  if (only.key() == "number") return content.get<double>() / 1e6;
  if (only.key() != "list") return content;
  json items = json::array();
  for (const json& item : content) items.push_back(plain(item));
  return items;
}

// Runs of [value, count], one value each.
std::vector<std::size_t> spread(const json& runs) {
  std::vector<std::size_t> all;
  for (const json& run : runs) all.insert(all.end(), run[1].get<std::size_t>(), run[0]);
  return all;
}

// As hosts_of() of ansible_listing.py says it, from a saved plan.
json hosts_of(const json& plan) {
  const json& targets = plan.at("targets");
  const std::vector<std::size_t> properties = spread(targets.at("properties"));
  const std::vector<std::size_t> connections = spread(targets.at("connections"));
  json made = {{"variables", json::object()}, {"groups", json::object()}};
  for (std::size_t i = 0; i < targets.at("names").size(); ++i) {
    json& host = made["variables"][targets["names"][i].get<std::string>()];
    host = json::object();
    for (const json& property : plan.at("property_sets")[properties[i]]) {
      host[property.at("name").get<std::string>()] = plain(property.at("value"));
    }
    const json& connection = plan.at("connections")[connections[i]];
    host["connection"] = connection.at("kind");
    for (const json& setting : connection.at("settings")) {
      if (setting.at("name") == "address") continue;  // it is a property
      host["connection " + setting.at("name").get<std::string>()] = plain(setting.at("value"));
    }
  }
  for (const json& role : plan.at("roles")) {
    json& hosts = made["groups"][role.at("name").get<std::string>()];
    hosts = json::array();
    for (const json& run : plan.at("target_lists")[role.at("targets").get<std::size_t>()]) {
      for (std::size_t n = 0; n < run[1].get<std::size_t>(); ++n) {
        hosts.push_back(targets.at("names")[run[0].get<std::size_t>() + n]);
      }
    }
  }
  return made;
}

// What Ansible says of a host, in the words of a plan: maps and nulls are no properties.
json in_our_words(const std::string& name, const json& theirs) {
  json host = json::object();
  host["connection"] = name == "localhost" ? "local" : "ssh";
  for (const auto& [variable, said] : theirs.items()) {
    const bool marked = said.is_object() && said.contains("__ansible_unsafe");
    json value = marked ? said["__ansible_unsafe"] : said;
    if (value.is_number()) value = value.get<double>();
    if (value.is_array()) {
      for (json& item : value) item = item.is_number() ? json(item.get<double>()) : item;
    }
    if (value.is_null() || value.is_object()) continue;
    const auto is = [&](std::string_view plain_name, std::string_view old_name) {
      return variable == plain_name || variable == old_name;
    };
    if (is("ansible_host", "ansible_ssh_host")) {
      host["address"] = value;
    } else if (is("ansible_port", "ansible_ssh_port")) {
      host["connection port"] = value;
    } else if (is("ansible_user", "ansible_ssh_user")) {
      host["connection user"] = value;
    } else if (variable == "ansible_ssh_private_key_file") {
      host["connection identity_file"] = value;
    } else if (variable == "ansible_connection") {
      host["connection"] = value == "local" ? "local" : "ssh";
    } else if (variable != "ansible_group_priority") {
      host[variable] = value;
    }
  }
  if (host["connection"] == "local") host.erase("connection port");
  return host;
}

}  // namespace

TEST_CASE("a plan has the hosts, groups, variables and connections that Ansible sees") {
  const TemporaryDirectory place;
  const std::vector<Case> cases = read_cases();
  REQUIRE(cases.size() >= 20);
  std::vector<std::string> inventories;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const std::string folder = fmt::format("{}/{}/", place.path(), i);
    for (const auto& [path, text] : cases[i].files) {
      std::filesystem::create_directories(std::filesystem::path(folder + path).parent_path());
      write_text(folder + path, text);
    }
    inventories.push_back(folder + cases[i].files[0].first);
    write_text(
        folder + "file.deploy",
        fmt::format("deployment \"x\"\ninventory \"{}\"\nstep \"s\" on all {{ run \"true\" }}\n",
                    cases[i].files[0].first));
  }
  std::vector<std::string> words{"--hosts"};
  words.insert(words.end(), inventories.begin(), inventories.end());
  const json theirs = json::parse(sluice::test::ask_ansible(words));
  for (std::size_t i = 0; i < cases.size(); ++i) {
    INFO(cases[i].name << "\n" << cases[i].files[0].second);
    const ProgramResult planned =
        run_program({"plan", fmt::format("{}/{}/file.deploy", place.path(), i), "-o", "-"});
    INFO(planned.err);
    REQUIRE(planned.status == 0);
    const json ours = hosts_of(json::parse(planned.out).at("plan"));
    const json& said = theirs.at(inventories[i]);
    json wanted = {{"variables", json::object()}, {"groups", said.at("groups")}};
    for (const auto& [host, variables] : said.at("variables").items()) {
      wanted["variables"][host] = in_our_words(host, variables);
    }
    for (auto group = wanted["groups"].begin(); group != wanted["groups"].end();) {
      group = group->empty() ? wanted["groups"].erase(group) : std::next(group);
    }
    json roles = ours.at("groups");
    for (auto role = roles.begin(); role != roles.end();) {
      role = role->empty() ? roles.erase(role) : std::next(role);
    }
    // The order of `all` is that of the inventory in `ansible all`, and by groups in the listing.
    for (json* groups : {&roles, &wanted["groups"]}) {
      std::sort(groups->at("all").begin(), groups->at("all").end());
    }
    CHECK(ours.at("variables").dump(1) == wanted.at("variables").dump(1));
    CHECK(roles.dump(1) == wanted.at("groups").dump(1));
  }
}
