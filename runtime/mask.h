// Takes secrets out of bytes, in the spellings in which programs write them: as they are, in base64
// (at each of its three offsets), hexadecimal, percent-encoded, in JSON, quoted for a shell, with
// doubled dollars. It is the second line: the first is that a secret goes nowhere it need not.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::runtime {

class Mask {
 public:
  // A value of several lines is looked for as a whole and line by line.
  explicit Mask(const std::vector<std::string_view>& secrets = {});

  bool empty() const { return spellings_.empty(); }
  // The text with `***` for each secret in it. A line end may stand inside a spelling, as base64
  // breaks its lines.
  std::string apply(std::string_view text) const;
  bool finds(std::string_view text) const { return apply(text) != text; }

  // The same for what comes in pieces, wherever they are cut: bytes that may be the beginning of a
  // secret are held back until that is decided.
  class Stream {
   public:
    explicit Stream(const Mask& mask) : mask_(&mask) {}
    std::string take(std::string_view bytes);
    // Bytes are left out here, or never came, and a secret may have been parted: what may be its
    // beginning, before them, is masked, and so is what may be its end, behind them.
    std::string leave_out();
    // Nothing comes any more.
    std::string finish();

   private:
    std::string scan(bool last);

    const Mask* mask_;
    std::string held_;
    std::size_t covered_ = 0;  // so many bytes of `held_` belong to what was found before them
    bool parted_ = false;      // `held_` may begin within a secret
  };

 private:
  struct Found {
    std::size_t length = 0;  // of the longest that begins here
    bool open = false;       // one may begin here, and its end has not come
  };

  void add(std::string spelling);
  void add_spellings(std::string_view secret);
  static void add_match(std::string_view spelling, std::string_view text, std::size_t at,
                        Found& found);
  Found find(std::string_view text, std::size_t at) const;
  // The end of a secret that the text begins with.
  Found find_end(std::string_view text) const;

  std::vector<std::string> spellings_;
  std::array<std::vector<std::uint32_t>, 256> by_first_;
};

}  // namespace sluice::runtime
