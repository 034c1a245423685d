// The simulated disk as SQLite sees it: files, their locks, shared memory between programs.
#include <sqlite3.h>

#include <algorithm>
#include <cstring>

#include "world/disk.h"

namespace sluice::world {

namespace {

struct OpenFile {
  sqlite3_file base;  // first, as SQLite wants it
  Disk::Handle* handle;
};

Disk::Handle& handle_of(sqlite3_file* file) {
  return *reinterpret_cast<OpenFile*>(file)->handle;
}

int result_of(Disk::Done done, int failed) {
  switch (done) {
    case Disk::Done::Well:
      return SQLITE_OK;
    case Disk::Done::Full:
      return SQLITE_FULL;
    default:
      return failed;
  }
}

int close_file(sqlite3_file* file) {
  Disk::current().close(&handle_of(file));
  return SQLITE_OK;
}

int read_file(sqlite3_file* file, void* to, int amount, sqlite3_int64 offset) {
  const std::string& data = handle_of(file).file->data;
  const auto at = std::min(static_cast<std::size_t>(offset), data.size());
  const std::size_t got = std::min(static_cast<std::size_t>(amount), data.size() - at);
  std::memcpy(to, data.data() + at, got);
  if (got == static_cast<std::size_t>(amount)) return SQLITE_OK;
  std::memset(static_cast<char*>(to) + got, 0, static_cast<std::size_t>(amount) - got);
  return SQLITE_IOERR_SHORT_READ;
}

int write_file(sqlite3_file* file, const void* from, int amount, sqlite3_int64 offset) {
  Disk::Handle& handle = handle_of(file);
  if (handle.dead) return SQLITE_IOERR_WRITE;
  const std::string_view bytes(static_cast<const char*>(from), static_cast<std::size_t>(amount));
  return result_of(Disk::current().write(*handle.file, offset, bytes), SQLITE_IOERR_WRITE);
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  Disk::Handle& handle = handle_of(file);
  if (handle.dead) return SQLITE_IOERR_TRUNCATE;
  return result_of(Disk::current().cut(*handle.file, size), SQLITE_IOERR_TRUNCATE);
}

int sync_file(sqlite3_file* file, int) {
  Disk::Handle& handle = handle_of(file);
  if (handle.dead) return SQLITE_IOERR_FSYNC;
  return result_of(Disk::current().sync(*handle.file), SQLITE_IOERR_FSYNC);
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  *size = static_cast<sqlite3_int64>(handle_of(file).file->data.size());
  return SQLITE_OK;
}

// Whether another program holds the file at `least` or more.
bool others_hold(const Disk::Handle& mine, int least) {
  const auto& all = Disk::current().handles();
  return std::any_of(all.begin(), all.end(), [&](const auto& other) {
    return other.get() != &mine && !other->dead && other->file == mine.file && other->lock >= least;
  });
}

int lock_file(sqlite3_file* file, int wanted) {
  Disk::Handle& mine = handle_of(file);
  if (mine.dead) return SQLITE_IOERR_LOCK;
  if (mine.lock >= wanted) return SQLITE_OK;
  if (wanted == SQLITE_LOCK_SHARED && others_hold(mine, SQLITE_LOCK_PENDING)) return SQLITE_BUSY;
  if (wanted == SQLITE_LOCK_RESERVED && others_hold(mine, SQLITE_LOCK_RESERVED)) return SQLITE_BUSY;
  if (wanted == SQLITE_LOCK_EXCLUSIVE && others_hold(mine, SQLITE_LOCK_SHARED)) return SQLITE_BUSY;
  mine.lock = wanted;
  return SQLITE_OK;
}

int unlock_file(sqlite3_file* file, int wanted) {
  Disk::Handle& mine = handle_of(file);
  mine.lock = std::min(mine.lock, wanted);
  return SQLITE_OK;
}

int check_reserved(sqlite3_file* file, int* held) {
  *held = others_hold(handle_of(file), SQLITE_LOCK_RESERVED) ? 1 : 0;
  return SQLITE_OK;
}

int file_control(sqlite3_file*, int, void*) {
  return SQLITE_NOTFOUND;
}
int sector_size(sqlite3_file*) {
  return 512;
}
int device(sqlite3_file*) {
  return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

int map_shared(sqlite3_file* file, int page, int size, int extend, void volatile** to) {
  Disk::Handle& mine = handle_of(file);
  *to = nullptr;
  if (mine.dead) return SQLITE_IOERR_SHMMAP;
  if (!mine.memory) {
    if (!mine.file->shared) mine.file->shared = std::make_shared<Disk::Shared>();
    mine.memory = mine.file->shared;
  }
  auto& pages = mine.memory->pages;
  while (pages.size() <= static_cast<std::size_t>(page)) {
    if (extend == 0) return SQLITE_OK;
    pages.push_back(std::make_unique<std::string>(static_cast<std::size_t>(size), '\0'));
  }
  *to = pages[static_cast<std::size_t>(page)]->data();
  return SQLITE_OK;
}

int lock_shared(sqlite3_file* file, int first, int count, int flags) {
  Disk::Handle& mine = handle_of(file);
  const auto mask = static_cast<std::uint32_t>(((1U << static_cast<unsigned>(count)) - 1U)
                                               << static_cast<unsigned>(first));
  if ((flags & SQLITE_SHM_UNLOCK) != 0) {
    mine.shared &= ~mask;
    mine.exclusive &= ~mask;
    return SQLITE_OK;
  }
  if (mine.dead) return SQLITE_IOERR_SHMLOCK;
  const bool alone = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
  for (const auto& other : Disk::current().handles()) {
    if (other.get() == &mine || other->dead || other->file != mine.file) continue;
    if ((other->exclusive & mask) != 0) return SQLITE_BUSY;
    if (alone && (other->shared & mask) != 0) return SQLITE_BUSY;
  }
  (alone ? mine.exclusive : mine.shared) |= mask;
  return SQLITE_OK;
}

void barrier(sqlite3_file*) {}

int unmap_shared(sqlite3_file* file, int) {
  Disk::Handle& mine = handle_of(file);
  if (mine.dead || !mine.memory) return SQLITE_OK;
  mine.shared = mine.exclusive = 0;
  const auto memory = std::move(mine.memory);
  mine.memory = nullptr;
  const auto& all = Disk::current().handles();
  const bool others = std::any_of(all.begin(), all.end(), [&](const auto& other) {
    return !other->dead && other->memory == memory;
  });
  if (!others && mine.file->shared == memory) mine.file->shared.reset();
  return SQLITE_OK;
}

int open_file(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* got) {
  static const sqlite3_io_methods methods = [] {
    sqlite3_io_methods made{};
    made.iVersion = 2;
    made.xClose = close_file;
    made.xRead = read_file;
    made.xWrite = write_file;
    made.xTruncate = truncate_file;
    made.xSync = sync_file;
    made.xFileSize = file_size;
    made.xLock = lock_file;
    made.xUnlock = unlock_file;
    made.xCheckReservedLock = check_reserved;
    made.xFileControl = file_control;
    made.xSectorSize = sector_size;
    made.xDeviceCharacteristics = device;
    made.xShmMap = map_shared;
    made.xShmLock = lock_shared;
    made.xShmBarrier = barrier;
    made.xShmUnmap = unmap_shared;
    return made;
  }();
  auto* opened = reinterpret_cast<OpenFile*>(file);
  opened->base.pMethods = nullptr;
  Disk& disk = Disk::current();
  const std::string path = name == nullptr ? "temporary" : name;
  auto there = disk.find(path);
  const bool creates = (flags & SQLITE_OPEN_CREATE) != 0;
  if (!there && !creates) return SQLITE_CANTOPEN;
  if (there && creates && (flags & SQLITE_OPEN_EXCLUSIVE) != 0) return SQLITE_CANTOPEN;
  if (!there && !Kernel::current().effect()) return SQLITE_CANTOPEN;
  opened->handle = disk.open(disk.make(path));
  opened->base.pMethods = &methods;
  if (got != nullptr) *got = flags;
  return SQLITE_OK;
}

int delete_file(sqlite3_vfs*, const char* name, int) {
  if (Disk::current().find(name) == nullptr) return SQLITE_IOERR_DELETE_NOENT;
  if (!Kernel::current().effect()) return SQLITE_IOERR_DELETE;
  Disk::current().remove(name);
  return SQLITE_OK;
}

int access_file(sqlite3_vfs*, const char* name, int, int* there) {
  const auto file = Disk::current().find(name);
  *there = file != nullptr ? 1 : 0;
  return SQLITE_OK;
}

int full_path(sqlite3_vfs*, const char* name, int room, char* to) {
  sqlite3_snprintf(room, to, "%s", name);
  return SQLITE_OK;
}

int randomness(sqlite3_vfs*, int amount, char* to) {
  for (int i = 0; i < amount; ++i) to[i] = static_cast<char>(i * 37 + 11);
  return amount;
}
int sleep_for(sqlite3_vfs*, int microseconds) {
  return microseconds;
}
int current_time(sqlite3_vfs*, double* days) {
  *days = 2460000.5;
  return SQLITE_OK;
}
int last_error(sqlite3_vfs*, int, char*) {
  return 0;
}

}  // namespace

void use_simulated_disk() {
  static sqlite3_vfs vfs = [] {
    // Worlds are of one thread, and nobody asks how much memory they take.
    sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_vfs made{};
    made.iVersion = 1;
    made.szOsFile = sizeof(OpenFile);
    made.mxPathname = 255;
    made.zName = "world";
    made.xOpen = open_file;
    made.xDelete = delete_file;
    made.xAccess = access_file;
    made.xFullPathname = full_path;
    made.xRandomness = randomness;
    made.xSleep = sleep_for;
    made.xCurrentTime = current_time;
    made.xGetLastError = last_error;
    return made;
  }();
  sqlite3_vfs_register(&vfs, 1);
  sqlite3_randomness(0, nullptr);  // the same numbers in every run of a seed
}

}  // namespace sluice::world
