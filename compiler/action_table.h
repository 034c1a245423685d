// The one table of what a step can run: kinds, attributes, types, defaults, durations, where each
// runs. Checks, docs/ACTIONS.md and, later, editors read it; who carries an action out needs only
// what the plan holds.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "compiler/syntax.h"
#include "plan/expression.h"
#include "plan/value.h"

namespace sluice::compiler {

// What a value must look like beyond its type.
enum class Form {
  Any,
  Url,          // http:// or https://, a host, no blanks
  Name,         // of HAProxy's: no blanks, no signs that end a command
  Status,       // a whole number from 100 to 599
  Sha256,       // 64 hexadecimal digits
  Addresses,    // of mail: NAME@HOST, several with commas
  HostAndPort,  // HOST:PORT
  Line,         // no line break
  Count,        // a whole number from 1
  Texts,        // a list of strings
  Archive,      // a file whose name ends as those do that a package is made of
  Folder,       // an absolute path
  WindowsPath,  // an absolute path of Windows, which may open with %NAME%
  WindowsName,  // of a service: without slashes
  Bindings,     // a list of PROTOCOL/ADDRESS:PORT:HOST
  Thumbprint,   // of a certificate: 40 hexadecimal digits
};

struct AttributeSchema {
  std::string_view name;
  plan::Type type = plan::Type::String;
  bool map = false;  // a block of names and strings: headers { "Accept" = "text/plain" }
  bool required = false;
  bool literal = false;  // known when compiling, without `${…}`: a script's text
  bool known = false;    // the same for all targets, and known when compiling
  bool secret = false;   // it may be a secret; of a map, each of its values
  std::optional<plan::Value> default_value;
  std::vector<std::string_view> words;  // the only texts allowed; empty: any
  Form form = Form::Any;
  std::string_view documentation;
};

// Where an action of the kind runs; `via` says otherwise.
enum class RunsOn { Target, Controller, Nowhere };

// What it usually does to its target's service: the phrase that its step then says.
struct UsualEffect {
  std::string_view attribute;
  std::string_view value;
  Phrase phrase;
};

struct ActionSchema {
  std::string_view kind;
  std::string_view documentation;
  std::string_view argument;  // the attribute that may stand behind the kind; empty: none
  std::vector<AttributeSchema> attributes;
  std::optional<base::Duration> default_takes;  // none: as long as the attribute `duration`
  RunsOn runs_on = RunsOn::Target;
  bool writes_outputs = false;  // it has a script, which may write `name=value` lines
  std::vector<UsualEffect> usual_effects;
  // Where the first is given, so is the second.
  struct Together {
    std::string_view given;
    std::string_view needed;
  };
  std::vector<Together> together;
};

// In the order of the reference.
std::span<const ActionSchema> action_table();
const ActionSchema* find_action(std::string_view kind);
const AttributeSchema* find_attribute(const ActionSchema& action, std::string_view name);

// What is wrong with a value of that form, in words; empty where it is fine.
std::string form_problem(Form form, const plan::Value& value);
// The name of an entry of a map: a header's or an environment variable's.
std::string entry_name_problem(std::string_view map, std::string_view name);

// docs/ACTIONS.md, as text.
std::string action_reference();

}  // namespace sluice::compiler
