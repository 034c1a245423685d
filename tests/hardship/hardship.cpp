// Loaded in front of the C library (LD_PRELOAD), for hardship.py: a wall clock that can be
// moved, and memory that runs out once. What the program starts is left alone.
//   SLUICE_TEST_CLOCK   a file: by how many seconds the wall clock is off
//   SLUICE_TEST_MALLOC  which allocation of the program comes to nothing
//   SLUICE_TEST_COUNT   a file: how many there were, once it ends
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

extern "C" void* libc_malloc(std::size_t size) __asm__("__libc_malloc");

namespace {

char clock_file[256];
char count_file[256];
long count = 0;
long fails_at = 0;
pid_t program = 0;

void take(const char* name, char (&place)[256]) {
  const char* value = ::getenv(name);
  if (value != nullptr) std::strncpy(place, value, sizeof place - 1);
  ::unsetenv(name);
}

__attribute__((constructor)) void begin() {
  char number[256] = {};
  take("SLUICE_TEST_CLOCK", clock_file);
  take("SLUICE_TEST_COUNT", count_file);
  take("SLUICE_TEST_MALLOC", number);
  ::unsetenv("LD_PRELOAD");
  fails_at = std::atol(number);
  count = 0;
  program = ::getpid();
}

__attribute__((destructor)) void end() {
  if (count_file[0] == '\0' || ::getpid() != program) return;
  char text[32];
  const int length = std::snprintf(text, sizeof text, "%ld\n", count);
  const int file = ::open(count_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return;
  (void)!::write(file, text, static_cast<std::size_t>(length));
  ::close(file);
}

long off_by() {
  if (clock_file[0] == '\0') return 0;
  const int before = errno;
  char text[32] = {};
  const int file = ::open(clock_file, O_RDONLY | O_CLOEXEC);
  if (file >= 0) {
    (void)!::read(file, text, sizeof text - 1);
    ::close(file);
  }
  errno = before;
  return std::atol(text);
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* now) noexcept {
  const long done = ::syscall(SYS_clock_gettime, clock, now);
  if (done == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    now->tv_sec += off_by();
  }
  return static_cast<int>(done);
}

time_t time(time_t* place) noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  if (place != nullptr) *place = now.tv_sec;
  return now.tv_sec;
}

int gettimeofday(timeval* place, void*) noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  place->tv_sec = now.tv_sec;
  place->tv_usec = now.tv_nsec / 1000;
  return 0;
}

void* malloc(std::size_t size) noexcept {
  if (program != 0 && ++count == fails_at && ::getpid() == program) {
    errno = ENOMEM;
    return nullptr;
  }
  return libc_malloc(size);
}

}  // extern "C"
