#include "runtime/transfers.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/check.h"
#include "base/utf8.h"
#include "runtime/aside.h"
#include "runtime/shared_library.h"

namespace sluice::runtime {

namespace {

constexpr std::size_t most_body_bytes = 1 << 20;
constexpr std::string_view tls_port = ":465";
constexpr std::size_t mails_at_once = 16;

struct Curl {
  SharedLibrary library{"libcurl.so.4"};
  decltype(&curl_easy_cleanup) easy_cleanup = library.find("curl_easy_cleanup");
  decltype(&curl_easy_getinfo) easy_getinfo = library.find("curl_easy_getinfo");
  decltype(&curl_easy_init) easy_init = library.find("curl_easy_init");
  decltype(&curl_easy_perform) easy_perform = library.find("curl_easy_perform");
  decltype(&curl_easy_setopt) easy_setopt = library.find("curl_easy_setopt");
  decltype(&curl_easy_strerror) easy_strerror = library.find("curl_easy_strerror");
  decltype(&curl_free) free = library.find("curl_free");
  decltype(&curl_mime_addpart) mime_addpart = library.find("curl_mime_addpart");
  decltype(&curl_mime_data) mime_data = library.find("curl_mime_data");
  decltype(&curl_mime_encoder) mime_encoder = library.find("curl_mime_encoder");
  decltype(&curl_mime_free) mime_free = library.find("curl_mime_free");
  decltype(&curl_mime_init) mime_init = library.find("curl_mime_init");
  decltype(&curl_mime_type) mime_type = library.find("curl_mime_type");
  decltype(&curl_multi_add_handle) multi_add_handle = library.find("curl_multi_add_handle");
  decltype(&curl_multi_cleanup) multi_cleanup = library.find("curl_multi_cleanup");
  decltype(&curl_multi_info_read) multi_info_read = library.find("curl_multi_info_read");
  decltype(&curl_multi_init) multi_init = library.find("curl_multi_init");
  decltype(&curl_multi_remove_handle) multi_remove_handle =
      library.find("curl_multi_remove_handle");
  decltype(&curl_multi_setopt) multi_setopt = library.find("curl_multi_setopt");
  decltype(&curl_multi_socket_action) multi_socket_action =
      library.find("curl_multi_socket_action");
  decltype(&curl_slist_append) slist_append = library.find("curl_slist_append");
  decltype(&curl_slist_free_all) slist_free_all = library.find("curl_slist_free_all");
  decltype(&curl_url) url = library.find("curl_url");
  decltype(&curl_url_cleanup) url_cleanup = library.find("curl_url_cleanup");
  decltype(&curl_url_get) url_get = library.find("curl_url_get");
  decltype(&curl_url_set) url_set = library.find("curl_url_set");
};

const Curl& curl() {
  static const Curl loaded;
  return loaded;
}

struct FreeList {
  void operator()(curl_slist* list) const { curl().slist_free_all(list); }
};
struct FreeHandle {
  void operator()(CURL* handle) const { curl().easy_cleanup(handle); }
};
struct FreeMime {
  void operator()(curl_mime* mime) const { curl().mime_free(mime); }
};
struct FreeUrl {
  void operator()(CURLU* url) const { curl().url_cleanup(url); }
};
using List = std::unique_ptr<curl_slist, FreeList>;

void append(List& list, const std::string& line) {
  list.reset(curl().slist_append(list.release(), line.c_str()));
}

List list_of(const std::vector<std::string>& lines) {
  List list;
  for (const std::string& line : lines) append(list, line);
  return list;
}

// What libcurl holds of one transfer; it keeps pointers into all of it.
struct Row {
  std::unique_ptr<CURL, FreeHandle> handle;
  std::unique_ptr<curl_mime, FreeMime> mime;
  List headers;
  List recipients;
  Transfers::Sink done;
  std::uint64_t number = 0;             // of all: a ticket is used again once it was cancelled
  Aside::Job aside = 0;                 // of a mail
  CURLcode result = CURLE_FAILED_INIT;  // of a mail, when it has been tried
  std::string refusal;                  // the last line of a mail server that says no
  std::string refused;                  // the recipient that it says no to
  std::string recipient;                // that the mail server was asked about last
  bool text_wanted = false;             // by a mail server: what it says next is of the whole mail
  bool taken = false;                   // the mail server has it
  bool taking_leave = false;            // of a mail server: nothing is to come any more
  std::string body;
  bool too_long = false;
  char problem[CURL_ERROR_SIZE] = {};
};

std::size_t take_body(char* bytes, std::size_t size, std::size_t count, void* self) {
  auto* row = static_cast<Row*>(self);
  const std::size_t room = most_body_bytes - row->body.size();
  row->body.append(bytes, std::min(size * count, room));
  row->too_long = size * count > room;
  return row->too_long ? 0 : size * count;  // anything else ends the transfer
}

std::size_t take_mail_answer(char* bytes, std::size_t size, std::size_t count, void* self) {
  const std::string_view line(bytes, size * count);
  const bool refuses = !line.empty() && (line.front() == '4' || line.front() == '5');
  Row& row = *static_cast<Row*>(self);
  if (refuses) {
    row.refusal = line.substr(0, line.find_first_of("\r\n"));
    row.refused = row.recipient;
  }
  if (row.text_wanted && line.starts_with('2')) row.taken = true;
  if (line.starts_with("354")) row.text_wanted = true;
  return size * count;
}

// Of all that is sent only which recipient the server is asked about, and the goodbye: a login goes
// by here as well.
int note_command(CURL*, curl_infotype kind, char* bytes, std::size_t size, void* self) {
  constexpr std::string_view asking = "RCPT TO:<";
  const std::string_view line(bytes, size);
  if (kind != CURLINFO_HEADER_OUT) return 0;
  Row& row = *static_cast<Row*>(self);
  if (line.starts_with("QUIT")) row.taking_leave = true;
  std::string& recipient = row.recipient;
  recipient.clear();
  if (!line.starts_with(asking)) return 0;
  recipient = line.substr(asking.size(), line.find('>') - asking.size());
  return 0;
}

struct Sending {
  const std::atomic<bool>& stop;
  const Row& row;
};

// Anything but 0 ends the transfer. libcurl waits for minutes for the answer to a goodbye.
int goes_on(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const Sending& sending = *static_cast<const Sending*>(self);
  return sending.stop.load() || sending.row.taking_leave ? 1 : 0;
}

void prepare(Row& row, const Transfer::Http& http) {
  CURL* handle = row.handle.get();
  curl().easy_setopt(handle, CURLOPT_URL, http.url.c_str());
  curl().easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
  curl().easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl().easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
  curl().easy_setopt(handle, CURLOPT_USERAGENT, "sluice");
  if (http.body) {
    curl().easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                       static_cast<curl_off_t>(http.body->size()));
    curl().easy_setopt(handle, CURLOPT_COPYPOSTFIELDS, http.body->c_str());
  }
  curl().easy_setopt(handle, CURLOPT_CUSTOMREQUEST, http.method.c_str());
  if (http.method == "HEAD") curl().easy_setopt(handle, CURLOPT_NOBODY, 1L);
  row.headers = list_of(http.headers);
  curl().easy_setopt(handle, CURLOPT_HTTPHEADER, row.headers.get());
}

void prepare(Row& row, const Transfer::Mail& mail) {
  CURL* handle = row.handle.get();
  const bool from_the_first_byte =
      mail.server.size() > tls_port.size() &&
      mail.server.compare(mail.server.size() - tls_port.size(), tls_port.size(), tls_port) == 0;
  const bool known = !mail.user.empty() || !mail.password.empty();
  curl().easy_setopt(
      handle, CURLOPT_URL,
      fmt::format("{}://{}", from_the_first_byte ? "smtps" : "smtp", mail.server).c_str());
  curl().easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl().easy_setopt(handle, CURLOPT_USE_SSL, known ? CURLUSESSL_ALL : CURLUSESSL_TRY);
  if (known) {
    curl().easy_setopt(handle, CURLOPT_USERNAME, mail.user.c_str());
    curl().easy_setopt(handle, CURLOPT_PASSWORD, mail.password.c_str());
  } else {
    // Who listens on the way could as well have taken the offer of TLS away.
    curl().easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 0L);
    curl().easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  curl().easy_setopt(handle, CURLOPT_MAIL_FROM, fmt::format("<{}>", mail.from).c_str());
  for (const std::string& one : mail.recipients) append(row.recipients, fmt::format("<{}>", one));
  curl().easy_setopt(handle, CURLOPT_MAIL_RCPT, row.recipients.get());
  row.headers = list_of(mail.headers);
  curl().easy_setopt(handle, CURLOPT_HTTPHEADER, row.headers.get());
  row.mime.reset(curl().mime_init(handle));
  curl_mimepart* text = curl().mime_addpart(row.mime.get());
  curl().mime_data(text, mail.text.data(), mail.text.size());
  curl().mime_type(text, "text/plain; charset=utf-8");
  curl().mime_encoder(text, "quoted-printable");
  curl().easy_setopt(handle, CURLOPT_MIMEPOST, row.mime.get());
  curl().easy_setopt(handle, CURLOPT_HEADERFUNCTION, &take_mail_answer);
  curl().easy_setopt(handle, CURLOPT_HEADERDATA, &row);
  curl().easy_setopt(handle, CURLOPT_VERBOSE, 1L);
  curl().easy_setopt(handle, CURLOPT_DEBUGFUNCTION, &note_command);
  curl().easy_setopt(handle, CURLOPT_DEBUGDATA, &row);
  curl().easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
  curl().easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, &goes_on);
}

// A request of HTTP was on its way.
bool was_sent(CURL* handle) {
  long bytes = 0;
  curl().easy_getinfo(handle, CURLINFO_REQUEST_SIZE, &bytes);
  return bytes > 0;
}

}  // namespace

bool fits_a_line(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

std::string url_destination(const std::string& url) {
  SLUICE_CHECK(curl().library.problem().empty(), curl().library.problem());
  const std::unique_ptr<CURLU, FreeUrl> parts(curl().url());
  if (curl().url_set(parts.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return "";
  const auto part = [&](CURLUPart which, unsigned int flags) {
    char* text = nullptr;
    if (curl().url_get(parts.get(), which, &text, flags) != CURLUE_OK) return std::string();
    std::string copy(text);
    curl().free(text);
    return copy;
  };
  return part(CURLUPART_HOST, 0) + ":" + part(CURLUPART_PORT, CURLU_DEFAULT_PORT);
}

struct Transfers::Implementation {
  Implementation(Loop& event_loop, std::string file)
      : loop(event_loop), certificates(std::move(file)), aside(event_loop, mails_at_once) {
    SLUICE_CHECK(curl().library.problem().empty(), curl().library.problem());
    multi = curl().multi_init();
    SLUICE_CHECK(multi != nullptr, "libcurl has no handle for us");
    curl().multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &Implementation::watch_socket);
    curl().multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
    curl().multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &Implementation::set_timer);
    curl().multi_setopt(multi, CURLMOPT_TIMERDATA, this);
  }
  ~Implementation() {
    for (auto& [ticket, row] : rows) {
      if (row->aside == 0) curl().multi_remove_handle(multi, row->handle.get());
    }
    rows.clear();
    curl().multi_cleanup(multi);
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
    curl().multi_socket_action(multi, socket, what, &running);
    int left = 0;
    while (const CURLMsg* message = curl().multi_info_read(multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      void* ticket = nullptr;
      curl().easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &ticket);
      finish(reinterpret_cast<std::uintptr_t>(ticket), message->data.result);
    }
  }

  void start(Ticket ticket, const Transfer& transfer, Sink done) {
    const auto made = std::make_shared<Row>();
    Row& row = *made;
    rows[ticket] = made;
    row.done = std::move(done);
    row.number = ++last_number;
    row.handle.reset(curl().easy_init());
    CURL* handle = row.handle.get();
    SLUICE_CHECK(handle != nullptr, "libcurl has no handle for us");
    curl().easy_setopt(handle, CURLOPT_NOPROXY, "*");
    curl().easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl().easy_setopt(handle, CURLOPT_PRIVATE, reinterpret_cast<void*>(ticket));
    curl().easy_setopt(handle, CURLOPT_ERRORBUFFER, row.problem);
    curl().easy_setopt(handle, CURLOPT_WRITEFUNCTION, &take_body);
    curl().easy_setopt(handle, CURLOPT_WRITEDATA, &row);
    // One connection an attempt: a health check that finds an old connection checks the old one.
    curl().easy_setopt(handle, CURLOPT_FRESH_CONNECT, 1L);
    curl().easy_setopt(handle, CURLOPT_FORBID_REUSE, 1L);
    if (!certificates.empty()) curl().easy_setopt(handle, CURLOPT_CAINFO, certificates.c_str());
    if (!transfer.tunnel.empty()) {
      curl().easy_setopt(handle, CURLOPT_UNIX_SOCKET_PATH, transfer.tunnel.c_str());
    }
    std::visit([&](const auto& content) { prepare(row, content); }, transfer.content);
    if (std::holds_alternative<Transfer::Mail>(transfer.content)) return start_mail(ticket, made);
    curl().multi_add_handle(multi, handle);
  }

  // Where a mail server is to say that it has taken a mail, and where it is left, libcurl waits in
  // the call, for minutes: on the loop nothing else would go on.
  void start_mail(Ticket ticket, const std::shared_ptr<Row>& row) {
    row->aside = aside.start(
        [row](const std::atomic<bool>& stop) {
          Sending sending{stop, *row};
          curl().easy_setopt(row->handle.get(), CURLOPT_XFERINFODATA, &sending);
          row->result = curl().easy_perform(row->handle.get());
          if (row->taken) row->result = CURLE_OK;
        },
        [this, ticket, row] { finish(ticket, row->result); });
  }

  // Told from the loop, for libcurl may be on the stack.
  void finish(Ticket ticket, CURLcode result) {
    Row& row = *rows[ticket];
    TransferEnd end;
    curl().easy_getinfo(row.handle.get(), CURLINFO_RESPONSE_CODE, &end.status);
    end.reached = end.status != 0;
    end.sent = was_sent(row.handle.get());
    const char* location = nullptr;
    curl().easy_getinfo(row.handle.get(), CURLINFO_REDIRECT_URL, &location);
    if (location != nullptr) end.location = location;
    end.cut = row.too_long;
    if (row.refusal.find(std::to_string(end.status)) == 0) {
      end.said = base::printable(row.refusal);
      end.said_of = base::printable(row.refused);
    }
    curl_off_t retry_after = 0;
    curl().easy_getinfo(row.handle.get(), CURLINFO_RETRY_AFTER, &retry_after);
    constexpr curl_off_t most_seconds = 3600;
    end.retry_after = static_cast<long>(std::min(retry_after, most_seconds));
    end.body = std::move(row.body);
    if (result != CURLE_OK && !(row.too_long && result == CURLE_WRITE_ERROR)) {
      end.problem =
          base::printable(row.problem[0] != '\0' ? row.problem : curl().easy_strerror(result));
      // libcurl has a number for this, and no word.
      if (end.problem.starts_with("response reading failed")) end.problem = "the server hung up";
    }
    loop.post([this, ticket, number = row.number, end = std::move(end)] {
      const auto found = rows.find(ticket);
      if (found == rows.end() || found->second->number != number) return;
      const Sink done = std::move(found->second->done);
      cancel(ticket);
      done(end);
    });
  }

  void cancel(Ticket ticket) {
    const auto found = rows.find(ticket);
    if (found == rows.end()) return;
    if (found->second->aside == 0) {
      curl().multi_remove_handle(multi, found->second->handle.get());
    } else {
      aside.drop(found->second->aside);
    }
    rows.erase(found);
  }

  Loop& loop;
  std::string certificates;
  CURLM* multi = nullptr;
  Loop::Timer timer;
  std::map<curl_socket_t, Loop::Watch> watches;
  std::map<Ticket, std::shared_ptr<Row>> rows;
  std::uint64_t last_number = 0;
  Aside aside;  // mails; the last, for what it waits for uses none of the others
};

Transfers::Transfers(Loop& loop, std::string certificates)
    : loop_(loop), certificates_(std::move(certificates)) {}
Transfers::~Transfers() = default;

std::string Transfers::lack() const {
  return curl().library.problem();
}

void Transfers::start(Ticket ticket, const Transfer& transfer, Sink done) {
  if (!implementation_) implementation_ = std::make_unique<Implementation>(loop_, certificates_);
  implementation_->start(ticket, transfer, std::move(done));
}

void Transfers::cancel(Ticket ticket) {
  if (implementation_) implementation_->cancel(ticket);
}

}  // namespace sluice::runtime
