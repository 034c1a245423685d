#include "plan/json_document.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/utf8.h"

namespace sluice::plan {

namespace {

// Called by the parser for each part of the text; false ends it.
class TableBuilder : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit TableBuilder(JsonDocument& document) : document_(document) {}

  bool too_deep() const { return too_deep_; }

  bool null() override { return add(JsonRow::Kind::Null); }
  bool boolean(bool truth) override { return add(JsonRow::Kind::Boolean, truth ? 1 : 0); }
  bool number_integer(std::int64_t number) override { return add(JsonRow::Kind::Integer, number); }
  bool number_unsigned(std::uint64_t number) override {
    constexpr std::uint64_t most = 0x7fff'ffff'ffff'ffff;
    if (number > most) return add(JsonRow::Kind::OtherNumber);
    return add(JsonRow::Kind::Integer, static_cast<std::int64_t>(number));
  }
  bool number_float(double, const std::string&) override { return add(JsonRow::Kind::OtherNumber); }
  bool string(std::string& text) override { return add(JsonRow::Kind::Text, 0, text); }
  bool binary(nlohmann::json::binary_t&) override { return false; }
  bool key(std::string& name) override {
    key_ = name;
    return true;
  }
  bool start_object(std::size_t) override { return open(JsonRow::Kind::Object); }
  bool start_array(std::size_t) override { return open(JsonRow::Kind::Array); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  struct Level {
    std::uint32_t row;
    std::uint32_t last = JsonRow::none;  // the item that came last
  };

  bool add(JsonRow::Kind kind, std::int64_t number = 0, std::string_view text = {}) {
    if (document_.rows.size() >= JsonRow::none) return false;
    const auto here = static_cast<std::uint32_t>(document_.rows.size());
    JsonRow row;
    row.kind = kind;
    row.number = number;
    row.text_begin = document_.texts.size();
    row.key_size = static_cast<std::uint32_t>(key_.size());
    row.text_size = static_cast<std::uint32_t>(text.size());
    document_.texts.append(key_).append(text);
    key_.clear();
    if (!levels_.empty()) {
      Level& level = levels_.back();
      row.parent = level.row;
      (level.last == JsonRow::none ? document_.rows[level.row].first
                                   : document_.rows[level.last].next) = here;
      level.last = here;
    }
    document_.rows.push_back(row);
    return true;
  }

  bool open(JsonRow::Kind kind) {
    too_deep_ = levels_.size() >= most_json_levels;
    if (too_deep_ || !add(kind)) return false;
    levels_.push_back({static_cast<std::uint32_t>(document_.rows.size() - 1)});
    return true;
  }

  bool close() {
    levels_.pop_back();
    return true;
  }

  JsonDocument& document_;
  std::vector<Level> levels_;
  std::string key_;
  bool too_deep_ = false;
};

}  // namespace

base::Result<JsonDocument> parse_json(std::string_view text) {
  JsonDocument document;
  TableBuilder builder(document);
  const bool parsed = nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
  if (builder.too_deep()) return base::Error{"the document is nested too deep"};
  if (!parsed) return base::Error{"this is no JSON document, or a damaged one"};
  return document;
}

const JsonRow* JsonNode::row() const {
  return row_ == JsonRow::none ? nullptr : &reading_->document().rows[row_];
}

void JsonNode::fail(std::string_view why) const {
  if (row_ != JsonRow::none) reading_->fail(row_, why);
}

std::uint32_t JsonNode::member(std::string_view name) const {
  const JsonRow* here = row();
  if (here == nullptr || here->kind != JsonRow::Kind::Object) return JsonRow::none;
  const auto& rows = reading_->document().rows;
  for (std::uint32_t item = here->first; item != JsonRow::none; item = rows[item].next) {
    if (reading_->key(rows[item]) == name) return item;
  }
  return JsonRow::none;
}

std::uint32_t JsonNode::first_item() const {
  const JsonRow* here = row();
  if (here == nullptr || reading_->failed()) return JsonRow::none;
  if (here->kind != JsonRow::Kind::Array) {
    fail("a list is expected");
    return JsonRow::none;
  }
  return here->first;
}

std::uint32_t JsonNode::next_item(std::uint32_t item) const {
  return reading_->failed() ? JsonRow::none : reading_->document().rows[item].next;
}

void JsonNode::expect(std::initializer_list<std::string_view> names,
                      std::initializer_list<std::string_view> optional) const {
  const JsonRow* here = row();
  if (here == nullptr) return;
  if (here->kind != JsonRow::Kind::Object) return fail("an object is expected");
  const auto& rows = reading_->document().rows;
  for (std::uint32_t item = here->first; item != JsonRow::none; item = rows[item].next) {
    const std::string_view name = reading_->key(rows[item]);
    if (std::find(names.begin(), names.end(), name) == names.end() &&
        std::find(optional.begin(), optional.end(), name) == optional.end()) {
      return fail(fmt::format("there is no member `{}` in this format", base::printable(name)));
    }
  }
  for (const std::string_view name : names) {
    if (!has(name)) return fail(fmt::format("the member `{}` is missing", name));
  }
}

bool JsonNode::has(std::string_view name) const {
  return member(name) != JsonRow::none;
}

bool JsonNode::is_null() const {
  const JsonRow* here = row();
  return here == nullptr || here->kind == JsonRow::Kind::Null;
}

JsonNode JsonNode::operator[](std::string_view name) const {
  const std::uint32_t found = member(name);
  if (found == JsonRow::none) fail(fmt::format("the member `{}` is missing", name));
  return {*reading_, found};
}

std::string JsonNode::text() const {
  const JsonRow* here = row();
  if (here == nullptr) return "";
  if (here->kind != JsonRow::Kind::Text) return fail("a text is expected"), "";
  return std::string(reading_->text(*here));
}

bool JsonNode::truth() const {
  const JsonRow* here = row();
  if (here == nullptr) return false;
  if (here->kind != JsonRow::Kind::Boolean) return fail("true or false is expected"), false;
  return here->number != 0;
}

std::int64_t JsonNode::integer() const {
  const JsonRow* here = row();
  if (here == nullptr) return 0;
  if (here->kind != JsonRow::Kind::Integer) return fail("a whole number is expected"), 0;
  return here->number;
}

std::uint32_t JsonNode::count() const {
  const std::int64_t number = integer();
  if (number < 0 || number > 0xffff'ffff) return fail("the number is out of range"), 0;
  return static_cast<std::uint32_t>(number);
}

std::vector<std::uint32_t> JsonNode::counts(std::size_t wanted) const {
  std::vector<std::uint32_t> numbers;
  each([&](const JsonNode& item) {
    if (numbers.size() <= wanted) numbers.push_back(item.count());
  });
  if (numbers.size() != wanted) fail(fmt::format("{} numbers are expected", wanted));
  numbers.resize(wanted);
  return numbers;
}

void JsonReading::fail(std::uint32_t row, std::string_view why) {
  if (failed()) return;
  const std::string where = path(row);
  fault_ = fmt::format("{}: {}", where.empty() ? "the document" : where, why);
}

std::string_view JsonReading::key(const JsonRow& row) const {
  return std::string_view(document_.texts).substr(row.text_begin, row.key_size);
}

std::string_view JsonReading::text(const JsonRow& row) const {
  return std::string_view(document_.texts).substr(row.text_begin + row.key_size, row.text_size);
}

std::string JsonReading::path(std::uint32_t row) const {
  const std::uint32_t parent = document_.rows[row].parent;
  if (parent == JsonRow::none) return "";
  const std::string before = path(parent);
  if (document_.rows[parent].kind == JsonRow::Kind::Object) {
    return fmt::format("{}{}{}", before, before.empty() ? "" : ".", key(document_.rows[row]));
  }
  std::uint32_t index = 0;
  for (std::uint32_t item = document_.rows[parent].first; item != row; ++index) {
    item = document_.rows[item].next;
  }
  return fmt::format("{}[{}]", before, index);
}

}  // namespace sluice::plan
