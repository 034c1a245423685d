// YAML through libyaml's events, which this file alone sees. Its parser keeps its own stack, so a
// deep document costs none of ours; aliases stay aliases here and are never copied out.
#include <fmt/format.h>
#include <yaml.h>

#include <map>
#include <memory>

#include <algorithm>

#include "base/utf8.h"
#include "compiler/document.h"

namespace sluice::compiler {

namespace {

constexpr std::size_t most_levels = 128;

class YamlParser {
 public:
  YamlParser(std::string_view text, base::FileId file, Document& document, Report& report)
      : text_(text), file_(file), document_(document), report_(report) {
    if (text_.starts_with("\xEF\xBB\xBF")) byte_ = 3;
    initialized_ = yaml_parser_initialize(&parser_) != 0;
    if (!initialized_) return;
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    const std::string_view input = text_.substr(byte_);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(input.data()),
                                 input.size());
  }
  ~YamlParser() {
    if (initialized_) yaml_parser_delete(&parser_);
  }
  YamlParser(const YamlParser&) = delete;
  YamlParser& operator=(const YamlParser&) = delete;

  bool parse() {
    if (!initialized_) return fail(0, "there is no memory to read this file");
    bool going = true;
    while (going && !failed_) {
      yaml_event_t event;
      if (yaml_parser_parse(&parser_, &event) == 0) return syntax_error();
      going = event.type != YAML_STREAM_END_EVENT;
      take(event);
      going = going && !done_;
      yaml_event_delete(&event);
    }
    return !failed_;
  }

 private:
  bool fail(std::size_t at, std::string message, std::vector<std::string> hints = {}) {
    failed_ = true;
    const auto begin = static_cast<std::uint32_t>(std::min(at, text_.size()));
    const std::uint32_t size = begin < text_.size() ? 1 : 0;
    report_.error("E0506", {file_, begin, begin + size}, std::move(message), std::move(hints));
    return false;
  }

  bool syntax_error() {
    const char* problem = parser_.problem != nullptr ? parser_.problem : "it cannot be read";
    std::string message = fmt::format("this is no YAML: {}", problem);
    const bool tab = message.find("cannot start any token") != std::string::npos;
    std::vector<std::string> hints;
    if (tab) hints.emplace_back("YAML is indented with spaces, never with tabs");
    const std::size_t index = parser_.problem_mark.index;
    return fail(index >= index_ ? offset(index) : byte_, std::move(message), std::move(hints));
  }

  // libyaml counts code points; events come in order, so we only ever walk on.
  std::size_t offset(std::size_t index) {
    while (index_ < index && byte_ < text_.size()) {
      ++byte_;
      while (byte_ < text_.size() && (static_cast<unsigned char>(text_[byte_]) & 0xc0U) == 0x80U) {
        ++byte_;
      }
      ++index_;
    }
    return byte_;
  }

  void take(const yaml_event_t& event) {
    const std::size_t at = offset(event.start_mark.index);
    if (document_.is_full()) {
      fail(at, "the document has more than 10,000,000 values");
      return;
    }
    switch (event.type) {
      case YAML_DOCUMENT_START_EVENT:
        if (!document_.empty()) fail(at, "a second document begins here, and an inventory is one");
        break;
      case YAML_SCALAR_EVENT:
        scalar(event, at);
        break;
      case YAML_ALIAS_EVENT: {
        const std::string name(reinterpret_cast<const char*>(event.data.alias.anchor));
        const auto known = anchors_.find(name);
        if (known != anchors_.end()) {
          document_.add_alias(known->second, at);
        } else {
          fail(at, fmt::format("there is no anchor `&{}` before this", base::printable(name)));
        }
        break;
      }
      case YAML_SEQUENCE_START_EVENT:
        if (document_.empty()) {
          // A list is no inventory, and its reader says so, whatever stands in it.
          document_.add(Document::Kind::List, at);
          done_ = true;
          break;
        }
        open(Document::Kind::List, at, event.data.sequence_start.anchor,
             event.data.sequence_start.tag);
        break;
      case YAML_MAPPING_START_EVENT:
        open(Document::Kind::Map, at, event.data.mapping_start.anchor,
             event.data.mapping_start.tag);
        break;
      case YAML_SEQUENCE_END_EVENT:
      case YAML_MAPPING_END_EVENT: {
        const Document::Node node = document_.close();
        // An anchor is known when what it names is whole: so nothing holds itself.
        if (!names_.back().empty()) anchors_[names_.back()] = node;
        names_.pop_back();
        break;
      }
      default:
        break;
    }
  }

  void open(Document::Kind kind, std::size_t at, const unsigned char* anchor,
            const unsigned char* tag) {
    if (document_.levels() == most_levels) {
      fail(at, fmt::format("this is nested deeper than {} levels", most_levels));
      return;
    }
    const std::string_view name = view(tag);
    const bool usual = name.empty() || name == "!" || name == "!unsafe" ||
                       name == "tag:yaml.org,2002:map" || name == "tag:yaml.org,2002:seq";
    if (!usual) return unknown_tag(at, name);
    document_.open(kind, at);
    names_.emplace_back(view(anchor));
  }

  void scalar(const yaml_event_t& event, std::size_t at) {
    const auto& data = event.data.scalar;
    const std::string_view value(reinterpret_cast<const char*>(data.value), data.length);
    const std::string_view tag = view(data.tag);
    const bool plain = data.style == YAML_PLAIN_SCALAR_STYLE;
    Document::Kind kind = plain ? Document::Kind::Plain : Document::Kind::String;
    if (tag == "!vault" || tag == "!vault-encrypted") {
      kind = Document::Kind::Encrypted;
    } else if (tag == "!" || tag == "!unsafe" || tag == "tag:yaml.org,2002:str") {
      kind = Document::Kind::String;
    } else if (tag == "tag:yaml.org,2002:int" || tag == "tag:yaml.org,2002:float" ||
               tag == "tag:yaml.org,2002:bool" || tag == "tag:yaml.org,2002:null") {
      kind = Document::Kind::Plain;
    } else if (!tag.empty()) {
      return unknown_tag(at, tag);
    }
    // Most texts stand in the source as they are meant.
    const std::size_t quote = plain ? 0 : 1;
    const std::string_view there = text_.substr(std::min(at + quote, text_.size()), value.size());
    const Document::Node node = document_.add(kind, at, there == value ? there : value);
    const std::string_view anchor = view(data.anchor);
    if (!anchor.empty()) anchors_[std::string(anchor)] = node;
  }

  void unknown_tag(std::size_t at, std::string_view tag) {
    fail(at, fmt::format("the tag `{}` is not read here", base::printable(tag)));
  }

  static std::string_view view(const unsigned char* text) {
    return text == nullptr ? std::string_view{} : reinterpret_cast<const char*>(text);
  }

  std::string_view text_;
  base::FileId file_;
  Document& document_;
  Report& report_;
  yaml_parser_t parser_{};
  bool initialized_ = false;
  bool failed_ = false;
  bool done_ = false;
  std::size_t index_ = 0;  // of the code point at byte_
  std::size_t byte_ = 0;
  std::map<std::string, Document::Node> anchors_;
  std::vector<std::string> names_;  // of the open maps and lists; empty: none
};

}  // namespace

bool parse_yaml(std::string_view text, base::FileId file, Document& document, Report& report) {
  return YamlParser(text, file, document, report).parse();
}

}  // namespace sluice::compiler
