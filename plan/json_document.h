// A JSON text as a flat table of nodes, and the typed reading of it. It knows no plan. A document
// that is damaged or hostile costs time and memory in proportion to its length, however it nests.
// nlohmann-json stands behind the parser, in one file.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace sluice::plan {

// Deeper documents are refused: a plan nests expressions of at most 128 levels.
inline constexpr std::uint32_t most_json_levels = 300;

struct JsonRow {
  enum class Kind : std::uint8_t { Null, Boolean, Integer, OtherNumber, Text, Array, Object };
  static constexpr std::uint32_t none = 0xffff'ffff;
  Kind kind = Kind::Null;
  std::uint32_t parent = none;
  std::uint32_t first = none;  // of an array's items, an object's members
  std::uint32_t next = none;   // behind it in its parent
  std::uint32_t key_size = 0;  // of a member; its name stands in `texts` before its text
  std::uint32_t text_size = 0;
  std::uint64_t text_begin = 0;
  std::int64_t number = 0;  // of an integer; 1 of `true`
};

struct JsonDocument {
  std::string texts;
  std::vector<JsonRow> rows;  // in the order of the text; the first is the whole
};

// Refuses what is no JSON, or nests too deep.
base::Result<JsonDocument> parse_json(std::string_view text);

class JsonReading;

// A place in a document. Asked for what it is not, it notes the fault in its reading and gives a
// default, so that the reading goes on to its end without harm; only the first fault is kept.
class JsonNode {
 public:
  JsonNode(JsonReading& reading, std::uint32_t row) : reading_(&reading), row_(row) {}

  // Exactly these members, no other and none missing but the optional ones.
  void expect(std::initializer_list<std::string_view> names,
              std::initializer_list<std::string_view> optional = {}) const;
  bool has(std::string_view name) const;
  bool is_null() const;
  JsonNode operator[](std::string_view name) const;
  std::string text() const;
  bool truth() const;
  std::int64_t integer() const;
  std::uint32_t count() const;
  base::Duration duration() const { return {integer()}; }
  std::vector<std::uint32_t> counts(std::size_t wanted) const;

  template <class Visit>
  void each(Visit visit) const {
    for (std::uint32_t item = first_item(); item != JsonRow::none; item = next_item(item)) {
      visit(JsonNode(*reading_, item));
    }
  }

  void fail(std::string_view why) const;

 private:
  const JsonRow* row() const;  // nullptr: nowhere, behind a fault
  std::uint32_t member(std::string_view name) const;
  std::uint32_t first_item() const;  // none where it is no array, or behind a fault
  std::uint32_t next_item(std::uint32_t item) const;

  JsonReading* reading_;
  std::uint32_t row_;
};

class JsonReading {
 public:
  explicit JsonReading(const JsonDocument& document) : document_(document) {}

  JsonNode root() { return {*this, 0}; }
  bool failed() const { return !fault_.empty(); }
  const std::string& fault() const { return fault_; }  // "plan.steps[3].window: …"; empty: none
  void fail(std::uint32_t row, std::string_view why);
  const JsonDocument& document() const { return document_; }
  std::string_view key(const JsonRow& row) const;
  std::string_view text(const JsonRow& row) const;

 private:
  std::string path(std::uint32_t row) const;

  const JsonDocument& document_;
  std::string fault_;
};

}  // namespace sluice::plan
