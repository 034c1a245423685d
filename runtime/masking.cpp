#include "runtime/masking.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace sluice::runtime {

namespace {

struct Streams {
  explicit Streams(const Mask& mask) : output(mask), errors(mask) {}
  Mask::Stream& of(Stream stream) { return stream == Stream::Output ? output : errors; }
  Mask::Stream output;
  Mask::Stream errors;
};

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
    const std::string masked = streams->of(stream).take(bytes);
    if (write && !masked.empty()) write(stream, masked);
  };
  request.left_out = [streams, write, left_out = std::move(request.left_out)](std::uint64_t bytes) {
    // A secret may have been parted.
    const std::string masked = streams->output.leave_out();
    if (write && !masked.empty()) write(Stream::Output, masked);
    if (left_out) left_out(bytes);
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
