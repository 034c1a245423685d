#include "runtime/masking.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "runtime/output.h"

namespace sluice::runtime {

namespace {

struct Streams {
  explicit Streams(const Mask& mask) : output(mask), errors(mask) {}
  Mask::Stream& of(Stream stream) { return stream == Stream::Output ? output : errors; }
  Mask::Stream output;
  Mask::Stream errors;
};

// Whether it is what stands in the place of bytes that were left out.
bool says_left_out(std::string_view text) {
  constexpr std::string_view digits = "0123456789";
  const std::size_t from = std::min(text.find_first_of(digits), text.size());
  const std::size_t to = std::min(text.find_first_not_of(digits, from), text.size());
  std::string without(text);
  without.replace(from, to - from, "0");
  return to > from && without == said_of_left_out(0);
}

// What a script hands on is written down in the journal: a secret cannot be handed on that way.
void refuse_secrets(const Mask& mask, Completion& completion) {
  const auto holds = [&](const Output& output) { return mask.finds(output.value); };
  const auto found = std::find_if(completion.outputs.begin(), completion.outputs.end(), holds);
  if (found == completion.outputs.end()) return;
  if (completion.outcome == scheduler::Outcome::Succeeded) {
    completion.outcome = scheduler::Outcome::Failed;
    completion.detail =
        fmt::format("its output `{}` holds a secret, and outputs are written down", found->name);
  }
  completion.outputs.clear();
}

}  // namespace

void MaskingExecutor::start(ActionRequest request, Sink done) {
  if (mask_.empty()) return inner_.start(std::move(request), std::move(done));
  auto streams = std::make_shared<Streams>(mask_);
  const auto write = std::move(request.output);
  request.output = [streams, write](Stream stream, std::string_view bytes) {
    Mask::Stream& text = streams->of(stream);
    const std::string masked =
        says_left_out(bytes) ? text.leave_out() + std::string(bytes) : text.take(bytes);
    if (write && !masked.empty()) write(stream, masked);
  };
  inner_.start(std::move(request), [this, streams, write, done = std::move(done)](Completion end) {
    for (const Stream stream : {Stream::Output, Stream::Errors}) {
      // Who was ended, or gave up, may have written the half of one.
      const bool whole = end.outcome == scheduler::Outcome::Succeeded;
      Mask::Stream& text = streams->of(stream);
      const std::string rest = whole ? text.finish() : text.leave_out();
      if (write && !rest.empty()) write(stream, rest);
    }
    end.detail = mask_.apply(end.detail);
    refuse_secrets(mask_, end);
    done(std::move(end));
  });
}

}  // namespace sluice::runtime
