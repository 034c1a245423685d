// What the journal takes by itself: records written as fast as they become durable, or those of a
// run that has been, again.
//
// usage: durable_records write DIRECTORY RECORDS READY   so many in all, so many ready together
//        durable_records bare DIRECTORY RECORDS READY    the limit: as many bytes, bare and
//        unchecked durable_records again JOURNAL DIRECTORY         into a new journal, instant by
//        instant
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/journal.h"

namespace {

using namespace sluice;
using runtime::Instant;

double now() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

std::vector<Instant> made_up(long records, long ready) {
  std::vector<Instant> instants;
  for (long done = 0; done < records; done += ready) {
    Instant& instant = instants.emplace_back();
    instant.at = {done};
    for (long i = 0; i < ready; ++i) {
      scheduler::Event event;
      event.action.step = {0};
      event.action.lane = static_cast<std::uint32_t>(done + i);
      instant.events.push_back(event);
      runtime::HostResult& result = instant.results.emplace_back();
      result.action = event.action;
      result.host = "web-" + std::to_string(done + i);
      result.completion.outcome = scheduler::Outcome::Succeeded;
      result.completion.ending = runtime::Completion::Ending::Exited;
      result.completion.exit_code = 0;
    }
  }
  return instants;
}

int fail(const std::string& why) {
  std::fprintf(stderr, "durable_records: %s\n", why.c_str());
  return 1;
}

int write_all(const std::string& path, const runtime::RunRecord& record,
              const std::vector<Instant>& instants) {
  auto journal = runtime::create_journal(path, record);
  if (!journal) return fail(journal.error().message);
  std::size_t records = 0;
  const double begin = now();
  for (const Instant& instant : instants) {
    if (auto done = journal.value()->commit(instant); !done) return fail(done.error().message);
    records += instant.events.size();
  }
  std::printf("%zu records in %.4f s, %zu commits\n", records, now() - begin, instants.size());
  return 0;
}

// 128 bytes a record into a file that has its size already, each group followed by a sync.
int write_bare(const std::string& path, long records, long ready) {
  const std::string group(static_cast<std::size_t>(ready) * 128, 'x');
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return fail("cannot make " + path);
  bool well = true;
  for (long done = 0; done < records; done += ready) {
    well = well && ::write(file, group.data(), group.size()) > 0;
  }
  well = well && ::fsync(file) == 0;
  const double begin = now();
  off_t at = 0;
  long commits = 0;
  for (long done = 0; done < records && well; done += ready, ++commits) {
    const ssize_t written = ::pwrite(file, group.data(), group.size(), at);
    well = written == static_cast<ssize_t>(group.size()) && ::fdatasync(file) == 0;
    at += written;
  }
  const double seconds = now() - begin;
  ::close(file);
  if (!well) return fail("cannot write " + path);
  std::printf("%ld records in %.4f s, %ld commits\n", records, seconds, commits);
  return 0;
}

}  // namespace

int main(int count, char** words) {
  const std::string_view mode = count > 3 ? words[1] : "";
  const std::string name = "/records-" + std::to_string(::getpid()) + ".db";
  if (count == 5) {
    const long records = std::strtol(words[3], nullptr, 10);
    const long ready = std::max(1L, std::strtol(words[4], nullptr, 10));
    if (mode == "write") return write_all(words[2] + name, {}, made_up(records, ready));
    if (mode == "bare") return write_bare(words[2] + name, records, ready);
  }
  if (mode == "again" && count == 4) {
    auto read = runtime::read_journal(words[2]);
    if (!read) return fail(read.error().message);
    return write_all(words[3] + name, read.value().record, read.value().instants);
  }
  std::fprintf(stderr,
               "usage: durable_records write|bare DIRECTORY RECORDS READY\n"
               "       durable_records again JOURNAL DIRECTORY\n");
  return 2;
}
