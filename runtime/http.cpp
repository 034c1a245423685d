#include "runtime/http.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <map>
#include <string>

#include "base/check.h"
#include "base/utf8.h"

namespace sluice::runtime {

namespace {

constexpr std::size_t most_body_bytes = 1 << 20;

Completion ended(scheduler::Outcome outcome, std::string detail,
                 Completion::Ending ending = Completion::Ending::Answered) {
  Completion completion;
  completion.outcome = outcome;
  completion.ending = ending;
  completion.detail = std::move(detail);
  return completion;
}

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct FreeHandle {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};

}  // namespace

std::string url_destination(const std::string& url) {
  std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parts(curl_url(), curl_url_cleanup);
  if (curl_url_set(parts.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return "";
  const auto part = [&](CURLUPart which, unsigned int flags) {
    char* text = nullptr;
    if (curl_url_get(parts.get(), which, &text, flags) != CURLUE_OK) return std::string();
    std::string copy(text);
    curl_free(text);
    return copy;
  };
  return part(CURLUPART_HOST, 0) + ":" + part(CURLUPART_PORT, CURLU_DEFAULT_PORT);
}

struct HttpExecutor::Implementation {
  struct Transfer {
    ActionRequest request;
    Sink done;
    std::unique_ptr<CURL, FreeHandle> handle;
    std::unique_ptr<curl_slist, FreeList> headers;
    std::string body;
    bool too_long = false;
    char problem[CURL_ERROR_SIZE] = {};
  };

  Implementation(Loop& event_loop, OpenTunnel way)
      : loop(event_loop), open_tunnel(std::move(way)), multi(curl_multi_init()) {
    SLUICE_CHECK(multi != nullptr, "libcurl has no handle for us");
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &Implementation::watch_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &Implementation::set_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
  }
  ~Implementation() {
    for (auto& [ticket, transfer] : transfers) {
      if (transfer->handle) curl_multi_remove_handle(multi, transfer->handle.get());
    }
    transfers.clear();
    curl_multi_cleanup(multi);
  }
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;

  static int watch_socket(CURL*, curl_socket_t socket, int what, void* self, void*) {
    static_cast<Implementation*>(self)->watch(socket, what);
    return 0;
  }
  static int set_timer(CURLM*, long milliseconds, void* self) {
    auto* me = static_cast<Implementation*>(self);
    if (milliseconds < 0) {
      me->timer = Loop::Timer();
    } else {
      me->timer =
          me->loop.after(base::Duration{milliseconds}, [me] { me->act(CURL_SOCKET_TIMEOUT, 0); });
    }
    return 0;
  }
  static std::size_t take_body(char* bytes, std::size_t size, std::size_t count, void* self) {
    auto* transfer = static_cast<Transfer*>(self);
    const std::size_t room = most_body_bytes - transfer->body.size();
    transfer->body.append(bytes, std::min(size * count, room));
    transfer->too_long = size * count > room;
    return transfer->too_long ? 0 : size * count;  // anything else ends the transfer
  }

  void watch(curl_socket_t socket, int what) {
    if (what == CURL_POLL_REMOVE) {
      watches.erase(socket);
      return;
    }
    auto [found, added] = watches.try_emplace(socket);
    if (added) found->second = loop.watch(socket);
    Loop::Watch& row = found->second;
    const bool reads = what == CURL_POLL_IN || what == CURL_POLL_INOUT;
    const bool writes = what == CURL_POLL_OUT || what == CURL_POLL_INOUT;
    row.on_readable(reads ? Loop::Callback([this, socket] { act(socket, CURL_CSELECT_IN); })
                          : Loop::Callback());
    row.on_writable(writes ? Loop::Callback([this, socket] { act(socket, CURL_CSELECT_OUT); })
                           : Loop::Callback());
  }

  void act(curl_socket_t socket, int what) {
    int running = 0;
    curl_multi_socket_action(multi, socket, what, &running);
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      void* ticket = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &ticket);
      finish(reinterpret_cast<std::uintptr_t>(ticket), message->data.result);
    }
  }

  void start(ActionRequest request, Sink done) {
    const ActionRequest::Ticket ticket = request.ticket;
    auto transfer = std::make_unique<Transfer>();
    transfer->request = std::move(request);
    transfer->done = std::move(done);
    Transfer& row = *transfer;
    transfers[ticket] = std::move(transfer);
    const bool elsewhere =
        row.request.via == plan::Via::Kind::Each || row.request.via == plan::Via::Kind::First;
    if (!elsewhere || row.request.place.kind == plan::Connection::Kind::Local) {
      return begin(ticket, "");
    }
    open_tunnel(row.request.place, url_destination(std::string(row.request.text("url"))),
                [this, ticket](const base::Result<std::string>& path) {
                  if (transfers.count(ticket) == 0) return;
                  if (path) return begin(ticket, path.value());
                  answer(ticket, ended(scheduler::Outcome::Failed, path.error().message,
                                       Completion::Ending::Unreachable));
                });
  }

  void begin(ActionRequest::Ticket ticket, const std::string& tunnel) {
    Transfer& row = *transfers[ticket];
    const std::string url(row.request.text("url"));
    const std::string method(row.request.text("method"));
    row.handle.reset(curl_easy_init());
    CURL* handle = row.handle.get();
    SLUICE_CHECK(handle != nullptr, "libcurl has no handle for us");
    curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(handle, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_USERAGENT, "sluice");
    curl_easy_setopt(handle, CURLOPT_PRIVATE, reinterpret_cast<void*>(ticket));
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, row.problem);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &Implementation::take_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &row);
    // One connection an attempt: a health check that finds an old connection checks the old one.
    curl_easy_setopt(handle, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(handle, CURLOPT_FORBID_REUSE, 1L);
    if (!tunnel.empty()) curl_easy_setopt(handle, CURLOPT_UNIX_SOCKET_PATH, tunnel.c_str());
    const plan::Value* body = row.request.attribute("body");
    const SecretText* secret = row.request.secret("body");
    if (body != nullptr || secret != nullptr) {
      const std::string text =
          secret != nullptr ? std::string(secret->reveal()) : plan::to_text(*body);
      curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE, static_cast<long>(text.size()));
      curl_easy_setopt(handle, CURLOPT_COPYPOSTFIELDS, text.c_str());
    }
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, method.c_str());
    if (method == "HEAD") curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
    if (const std::string problem = set_headers(row); !problem.empty()) {
      return answer(ticket,
                    ended(scheduler::Outcome::Failed, problem, Completion::Ending::NotStarted));
    }
    curl_multi_add_handle(multi, handle);
  }

  static void add_header(Transfer& row, std::string_view name, std::string_view value) {
    const std::string line = fmt::format("{}: {}", name, value);
    row.headers.reset(curl_slist_append(row.headers.release(), line.c_str()));
  }

  // Why they cannot be sent, or empty.
  static std::string set_headers(Transfer& row) {
    constexpr std::string_view prefix = "headers.";
    for (const plan::Property& attribute : row.request.attributes) {
      if (attribute.name.find(prefix) != 0) continue;
      const std::string value = plan::to_text(attribute.value);
      // Checked again here: a value that is per target was not known to the compiler.
      if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) continue;
      add_header(row, attribute.name.substr(prefix.size()), value);
    }
    for (const ActionRequest::Secret& secret : row.request.secrets) {
      if (secret.name.find(prefix) != 0) continue;
      const std::string name = secret.name.substr(prefix.size());
      if (secret.value->reveal().find_first_of("\r\n") != std::string_view::npos) {
        return fmt::format("the secret for the header `{}` has a line end", name);
      }
      add_header(row, name, secret.value->reveal());
    }
    curl_easy_setopt(row.handle.get(), CURLOPT_HTTPHEADER, row.headers.get());
    return "";
  }

  void finish(ActionRequest::Ticket ticket, CURLcode result) {
    Transfer& row = *transfers[ticket];
    long status = 0;
    curl_easy_getinfo(row.handle.get(), CURLINFO_RESPONSE_CODE, &status);
    if (row.request.output && !row.body.empty()) row.request.output(Stream::Output, row.body);
    if (result != CURLE_OK && !(row.too_long && result == CURLE_WRITE_ERROR)) {
      const std::string why = row.problem[0] != '\0' ? row.problem : curl_easy_strerror(result);
      const bool reached = status != 0;
      return answer(ticket,
                    ended(scheduler::Outcome::Failed, base::printable(why),
                          reached ? Completion::Ending::Lost : Completion::Ending::Unreachable));
    }
    answer(ticket, judged(row, status));
  }

  static Completion judged(const Transfer& row, long status) {
    const plan::Value* expected = row.request.attribute("expect");
    const std::int64_t wanted =
        expected != nullptr ? std::get<plan::Number>(expected->content).micros / 1'000'000 : 200;
    if (status != wanted) {
      return ended(scheduler::Outcome::Failed,
                   fmt::format("it answered {}, and {} was expected", status, wanted));
    }
    const std::string_view contains = row.request.text("contains");
    if (row.body.find(contains) == std::string::npos) {
      return ended(scheduler::Outcome::Failed,
                   fmt::format("its answer does not hold `{}`", base::printable(contains)));
    }
    return ended(scheduler::Outcome::Succeeded, "");
  }

  // From the loop, for libcurl may be on the stack.
  void answer(ActionRequest::Ticket ticket, Completion completion) {
    loop.post([this, ticket, completion = std::move(completion)] {
      const auto found = transfers.find(ticket);
      if (found == transfers.end()) return;
      if (found->second->handle) curl_multi_remove_handle(multi, found->second->handle.get());
      const Sink done = std::move(found->second->done);
      transfers.erase(found);
      done(completion);
    });
  }

  Loop& loop;
  OpenTunnel open_tunnel;
  CURLM* multi;
  Loop::Timer timer;
  std::map<curl_socket_t, Loop::Watch> watches;
  std::map<ActionRequest::Ticket, std::unique_ptr<Transfer>> transfers;
};

HttpExecutor::HttpExecutor(Loop& loop, OpenTunnel open_tunnel)
    : implementation_(std::make_unique<Implementation>(loop, std::move(open_tunnel))) {}
HttpExecutor::~HttpExecutor() = default;

void HttpExecutor::start(ActionRequest request, Sink done) {
  implementation_->start(std::move(request), std::move(done));
}

void HttpExecutor::cancel(ActionRequest::Ticket ticket) {
  implementation_->answer(ticket, ended(scheduler::Outcome::Cancelled, "cancelled"));
}

}  // namespace sluice::runtime
