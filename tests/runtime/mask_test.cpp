// Secrets in what is written: found in every spelling, wherever the pieces are cut.
#include <catch2/catch.hpp>

#include "runtime/mask.h"
#include "runtime/masking.h"
#include "runtime/output.h"

using namespace sluice;
using runtime::Mask;

namespace {

// In three pieces, cut at the two places.
std::string in_pieces(const Mask& mask, std::string_view text, std::size_t first,
                      std::size_t second) {
  Mask::Stream stream(mask);
  std::string out = stream.take(text.substr(0, first));
  out += stream.take(text.substr(first, second - first));
  out += stream.take(text.substr(second));
  return out + stream.finish();
}

// Whose scripts write so much that a secret is parted.
class Floods : public runtime::Executor {
 public:
  void start(runtime::ActionRequest request, Sink done) override {
    using runtime::Stream;
    request.output(Stream::Output, "a S3cr3t-Tok");
    if (says_so) {
      request.output(Stream::Output, runtime::said_of_left_out(18446744073709551615U));
    } else {
      request.left_out(18446744073709551615U);
    }
    request.output(Stream::Output, "3n-42xyzZ b S3cr3t-Tok");
    runtime::Completion completion;
    completion.outcome = outcome;
    done(completion);
  }
  void cancel(runtime::ActionRequest::Ticket) override {}
  void let_go(runtime::ActionRequest::Ticket) override {}
  void settled(runtime::ActionRequest::Ticket) override {}
  scheduler::Outcome outcome = scheduler::Outcome::Succeeded;
  bool says_so = false;  // itself, and nothing is left out
};

}  // namespace

TEST_CASE("a secret is masked in each spelling that programs write, wherever it is cut", "[mask]") {
  // What other programs make of the value: base64(1) with 0, 1 and 2 bytes before it, xxd, Python's
  // quote() and json.dumps(), JavaScript's encodeURIComponent(), bash's set -x and printf %q.
  const std::string secret = "p$ss/w rd'\"&é+1";
  const Mask mask({secret});
  for (const std::string& spelled : std::vector<std::string>{
           "p$ss/w rd'\"&é+1",
           "wJHNzL3cgcmQnIibDqSsx",
           "Akc3MvdyByZCciJsOpKzE=",
           "cCRzcy93IHJkJyImw6krMQ",
           "702473732f77207264272226c3a92b31",
           "702473732F77207264272226C3A92B31",
           "p%24ss%2Fw%20rd%27%22%26%C3%A9%2B1",
           "p%24ss/w%20rd%27%22%26%C3%A9%2B1",
           "p%24ss%2fw+rd%27%22%26%c3%a9%2b1",
           "p%24ss%2Fw%20rd'%22%26%C3%A9%2B1",
           "p$ss/w rd'\\\"&é+1",
           "p$ss\\/w rd'\\\"&é+1",
           "p$ss/w rd'\\\"&\\u00e9+1",
           "p$ss/w rd'\\''\"&é+1",
           "p\\$ss/w\\ rd\\'\\\"\\&é+1",
           "p$$ss/w rd'\"&é+1",
       }) {
    INFO(spelled);
    const std::string text = "before " + spelled + " after";
    std::size_t leaked = 0;
    for (std::size_t first = 0; first <= text.size(); ++first) {
      for (std::size_t second = first; second <= text.size(); ++second) {
        const std::string masked = in_pieces(mask, text, first, second);
        // Of base64 the outermost characters hold bits of their neighbours, and may stay.
        const bool well = masked.find("before ") == 0 && masked.find("***") != std::string::npos &&
                          masked.find("***") <= 9 && masked.size() <= 7 + 2 + 3 + 2 + 6 &&
                          masked.substr(masked.size() - 6) == " after";
        leaked += well ? 0U : 1U;
      }
    }
    CHECK(leaked == 0);
  }
}

TEST_CASE("a secret is masked as bash spells it where it holds what is special", "[mask]") {
  // Of printf %q, declare -p and set -x; outside of a UTF-8 locale what is not ASCII is octal.
  const Mask url({"a b&c=d?f#g,h"});
  CHECK(url.apply("a\\ b\\&c=d\\?f#g\\,h.") == "***.");
  const Mask tab({"k\"ey\t$va`l\\ue"});
  CHECK(tab.apply("$'k\"ey\\t$va`l\\\\ue'") == "$'***'");
  CHECK(tab.apply("declare -- v=\"k\\\"ey\t\\$va\\`l\\\\ue\"") == "declare -- v=\"***\"");
  const Mask word({"pässwörd's"});
  CHECK(word.apply("+ : $'p\\303\\244ssw\\303\\266rd\\'s'") == "+ : $'***'");
  CHECK(word.apply("$'pässwörd\\'s'") == "$'***'");
}

TEST_CASE("a secret is masked in the JSON of writers that spell markup out", "[mask]") {
  const Mask mask({"<a&b>/é\"'+"});
  for (const std::string& spelled : std::vector<std::string>{
           "\\u003ca\\u0026b\\u003e/é\\\"'+",                       // Go
           "\\u003Ca\\u0026b\\u003E/\\u00E9\\u0022\\u0027\\u002B",  // .NET
           "<a&b>\\/\\u00e9\\\"'+",                                 // PHP
           "<a&b>/\\u00E9\\\"'+",                                   // Java
       }) {
    INFO(spelled);
    CHECK(mask.apply("\"" + spelled + "\"") == "\"***\"");
  }
}

TEST_CASE("base64 is found at each offset and across the ends of its lines", "[mask]") {
  const Mask mask({"correct-horse-battery"});
  CHECK(mask.apply("eHh4Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5") == "eHh4***");   // xxx before it
  CHECK(mask.apply("eGNvcnJlY3QtaG9yc2UtYmF0dGVyeQ==") == "eG***Q==");  // x
  CHECK(mask.apply("eHhjb3JyZWN0LWhvcnNlLWJhdHRlcnk=") == "eHh***k=");  // xx
  CHECK(mask.apply("Y29ycmVj\ndC1ob3Jz\r\nZS1iYXR0ZXJ5\n") == "***\n");
}

TEST_CASE("what only looks like the beginning of a secret comes out as it was", "[mask]") {
  const Mask mask({"aaaaaaab", "aabaabaabaac"});
  const std::string text = "aaaaaaa aaaaaa aabaabaabaa\xff b aab";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    CHECK(in_pieces(mask, text, cut, cut) == text);
  }
  Mask::Stream stream(mask);
  CHECK(stream.take("line\n") == "line\n");  // nothing is held back that cannot be one
  CHECK(stream.take("aaa").empty());
  CHECK(stream.finish() == "aaa");
}

TEST_CASE("secrets that overlap or hold one another leave nothing of either", "[mask]") {
  const Mask mask({"abcdefgh", "efghijklmn", "defghijk"});
  const std::string text = "-abcdefghijklmn-";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    CHECK(in_pieces(mask, text, cut, cut) == "-***-");
  }
  CHECK(mask.apply("abcdefghabcdefgh") == "******");
}

TEST_CASE("of a secret of several lines each line is masked", "[mask]") {
  const Mask mask({"-----BEGIN KEY-----\nMIIEowIBAAKCAQEA\nshort\n-----END KEY-----"});
  CHECK(mask.apply("+ MIIEowIBAAKCAQEA;\n+ short\n") == "+ ***;\n+ short\n");
}

TEST_CASE("of a secret that is parted where the middle is left out neither part is shown",
          "[mask]") {
  const std::string secret = "S3cr3t-Tok3n-42xyzZ";
  const Mask mask({secret});
  const auto parted = [&](const std::string& before, const std::string& behind) {
    Mask::Stream stream(mask);
    std::string out = stream.take(before);
    out += stream.leave_out() + "|";
    for (const char c : behind) out += stream.take(std::string(1, c));
    return out + stream.finish();
  };
  const auto or_stars = [](const std::string& part) { return part.size() < 4 ? part : "***"; };
  for (std::size_t at = 1; at < secret.size(); ++at) {
    INFO(at);
    const std::string first = secret.substr(0, at);
    const std::string last = secret.substr(at);
    CHECK(parted("a" + first, last + " b") == "a" + or_stars(first) + "|" + or_stars(last) + " b");
    CHECK(parted(secret + first, last) == "***" + or_stars(first) + "|" + or_stars(last));
    CHECK(parted(first + "\n", last) == or_stars(first) + "\n|" + or_stars(last));
  }
  // Base64 whose line ends where bytes are left out.
  CHECK(parted("UzNjcjN0LVRva\n", "zNuLTQyeHl6Wg==\n") == "***\n|***g==\n");
  CHECK(parted("a line\n", "and another\n") == "a line\n|and another\n");
  CHECK(parted(secret, secret) == "***|***");
  CHECK(parted("", "") == "|");
}

TEST_CASE("what an executor leaves out parts no secret that is shown", "[mask]") {
  using scheduler::Outcome;
  const Mask mask({"S3cr3t-Tok3n-42xyzZ"});
  const auto shown = [&](Outcome outcome, bool says_so = false) {
    Floods floods;
    floods.outcome = outcome;
    floods.says_so = says_so;
    runtime::MaskingExecutor masking(floods, mask);
    std::string text;
    runtime::ActionRequest request;
    request.output = [&](runtime::Stream, std::string_view bytes) { text += bytes; };
    request.left_out = [&](std::uint64_t bytes) { text += runtime::said_of_left_out(bytes); };
    masking.start(std::move(request), [](const runtime::Completion&) {});
    return text;
  };
  const std::string parted =
      "a ***sluice: 18446744073709551615 bytes of its output are left out here\n*** b ";
  CHECK(shown(Outcome::Succeeded) == parted + "S3cr3t-Tok");
  // Whose script was ended while it wrote one.
  CHECK(shown(Outcome::Failed) == parted + "***");
  CHECK(shown(Outcome::Cancelled) == parted + "***");
  // A script's own words are nothing but that.
  CHECK(shown(Outcome::Succeeded, true) ==
        "a S3cr3t-Toksluice: 18446744073709551615 bytes of its output are left out here\n"
        "3n-42xyzZ b S3cr3t-Tok");
}

TEST_CASE("without secrets everything is let through", "[mask]") {
  const Mask mask;
  CHECK(mask.empty());
  CHECK(mask.apply("abc") == "abc");
}
