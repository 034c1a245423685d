// The disk of the controller's machine: what is written stands in the page cache until it is
// synced; a power loss takes away any part of the rest, sector by sector. SQLite writes to it
// through a VFS of its own, and so do the runtime's private files.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "world/kernel.h"

namespace sluice::world {

class Disk {
 public:
  struct Piece {
    std::int64_t offset = 0;
    std::string bytes;
    bool cuts = false;  // the file ends at the offset
  };
  // Shared memory of the programs that have the file open: gone with the last of them.
  struct Shared {
    std::vector<std::unique_ptr<std::string>> pages;
  };
  struct File {
    std::string data;
    std::string durable;  // without what stands in `synced`, which is applied when it is asked for
    std::vector<Piece> synced;
    std::vector<Piece> pending;  // not synced
    bool exists_durably = false;
    std::int64_t filled = 0;  // room that its data take: zeros at its end take none
    std::int64_t held = 0;    // and what it takes beside them
    std::shared_ptr<Shared> shared;
  };
  // An open file, of a program; the VFS keeps its locks here.
  struct Handle {
    std::shared_ptr<File> file;
    Kernel::Owner owner = 0;
    int lock = 0;                 // SQLITE_LOCK_…
    std::uint32_t shared = 0;     // slots of shared memory that are locked, by bit
    std::uint32_t exclusive = 0;  // …
    std::shared_ptr<Shared> memory;
    bool dead = false;
  };

  explicit Disk(Kernel& kernel);
  ~Disk();
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  static Disk& current();

  enum class Done { Well, Dead, Full, Failed };
  Done write(File& file, std::int64_t offset, std::string_view bytes);
  Done hold(File& file, std::int64_t bytes);
  Done cut(File& file, std::int64_t size);
  Done sync(File& file);

  std::shared_ptr<File> find(const std::string& path) const;
  std::shared_ptr<File> make(const std::string& path);
  void remove(const std::string& path);

  Handle* open(std::shared_ptr<File> file);
  void close(Handle* handle);
  std::vector<std::unique_ptr<Handle>>& handles() { return handles_; }
  // A program has ended without closing anything.
  void drop(Kernel::Owner owner);
  void lose_power();
  // Whether anything of this file was written and not synced.
  bool pending(const std::string& path) const;

  void set_capacity(std::int64_t bytes) { capacity_ = bytes; }
  void fail_sync_in(std::uint64_t n) { failing_sync_ = n; }
  void heal();
  std::int64_t used() const;

 private:
  void release(Handle& handle);
  static void apply(std::string& data, const Piece& piece);

  Kernel& kernel_;
  std::map<std::string, std::shared_ptr<File>> files_;
  std::vector<std::unique_ptr<Handle>> handles_;
  std::int64_t capacity_ = 0;  // 0: without limit
  std::uint64_t failing_sync_ = 0;
};

// Makes SQLite write to the current disk, and to nothing else.
void use_simulated_disk();

}  // namespace sluice::world
