#include "world/disk.h"

#include <algorithm>
#include <iterator>

#include "base/check.h"
#include "runtime/files.h"

namespace sluice::world {

namespace {

constexpr std::size_t sector = 512;

// As where a disk keeps no zeros: what was written over may have no place.
std::int64_t filled(std::string_view bytes) {
  return static_cast<std::int64_t>(bytes.find_last_not_of('\0') + 1);
}

Disk*& current_disk() {
  static Disk* disk = nullptr;
  return disk;
}

}  // namespace

Disk::Disk(Kernel& kernel) : kernel_(kernel) {
  current_disk() = this;
}
Disk::~Disk() {
  current_disk() = nullptr;
}
Disk& Disk::current() {
  SLUICE_CHECK(current_disk() != nullptr, "there is no disk");
  return *current_disk();
}

void Disk::apply(std::string& data, const Piece& piece) {
  const auto offset = static_cast<std::size_t>(piece.offset);
  if (piece.cuts) {
    data.resize(offset, '\0');
    return;
  }
  if (data.size() < offset + piece.bytes.size()) data.resize(offset + piece.bytes.size(), '\0');
  data.replace(offset, piece.bytes.size(), piece.bytes);
}

std::int64_t Disk::used() const {
  std::int64_t bytes = 0;
  for (const auto& [path, file] : files_) {
    bytes += file->filled + file->held;
  }
  return bytes;
}

Disk::Done Disk::write(File& file, std::int64_t offset, std::string_view bytes) {
  if (!kernel_.effect()) return Done::Dead;
  const std::int64_t in_them = filled(bytes);
  const std::int64_t grows = in_them == 0 ? 0 : offset + in_them - file.filled;
  if (capacity_ > 0 && grows > 0 && used() + grows > capacity_) {
    kernel_.count(Fault::DiskFull);
    return Done::Full;
  }
  file.filled += std::max<std::int64_t>(grows, 0);
  file.pending.push_back({offset, std::string(bytes), false});
  apply(file.data, file.pending.back());
  return Done::Well;
}

// A file whose bytes nobody reads.
Disk::Done Disk::hold(File& file, std::int64_t bytes) {
  if (!kernel_.effect()) return Done::Dead;
  if (capacity_ > 0 && used() - file.held + bytes > capacity_) {
    kernel_.count(Fault::DiskFull);
    return Done::Full;
  }
  file.held = bytes;
  file.exists_durably = true;
  return Done::Well;
}

Disk::Done Disk::cut(File& file, std::int64_t size) {
  if (!kernel_.effect()) return Done::Dead;
  file.pending.push_back({size, "", true});
  apply(file.data, file.pending.back());
  file.filled = std::min(file.filled, size);
  return Done::Well;
}

Disk::Done Disk::sync(File& file) {
  if (!kernel_.effect()) return Done::Dead;
  if (failing_sync_ > 0 && --failing_sync_ == 0) {
    kernel_.count(Fault::SyncFailed);
    kernel_.note("a sync fails");
    // The kernel forgets that it was to be written: a later sync says nothing of it.
    file.pending.clear();
    return Done::Failed;
  }
  std::move(file.pending.begin(), file.pending.end(), std::back_inserter(file.synced));
  file.pending.clear();
  file.exists_durably = true;
  return Done::Well;
}

std::shared_ptr<Disk::File> Disk::find(const std::string& path) const {
  const auto found = files_.find(path);
  return found == files_.end() ? nullptr : found->second;
}

std::shared_ptr<Disk::File> Disk::make(const std::string& path) {
  std::shared_ptr<File>& file = files_[path];
  if (file) return file;
  constexpr std::size_t usual = 128 * std::size_t{1024};
  file = std::make_shared<File>();
  file->data.reserve(usual);
  return file;
}

void Disk::remove(const std::string& path) {
  files_.erase(path);
}

Disk::Handle* Disk::open(std::shared_ptr<File> file) {
  handles_.push_back(std::make_unique<Handle>());
  handles_.back()->file = std::move(file);
  handles_.back()->owner = kernel_.running();
  return handles_.back().get();
}

void Disk::release(Handle& handle) {
  handle.lock = 0;
  handle.shared = handle.exclusive = 0;
  const bool mapped = handle.memory != nullptr && handle.memory == handle.file->shared;
  if (!mapped) return;
  const bool others = std::any_of(handles_.begin(), handles_.end(), [&](const auto& other) {
    return other.get() != &handle && !other->dead && other->memory == handle.memory;
  });
  if (!others) handle.file->shared.reset();
}

void Disk::close(Handle* handle) {
  release(*handle);
  std::erase_if(handles_, [&](const auto& row) { return row.get() == handle; });
}

void Disk::drop(Kernel::Owner owner) {
  for (const auto& handle : handles_) {
    if (handle->owner != owner || handle->dead) continue;
    handle->dead = true;
    release(*handle);
  }
}

// Any of what was not synced may have come to the disk, in whole sectors, in any order.
void Disk::lose_power() {
  kernel_.count(Fault::PowerLost);
  test::Dice& dice = kernel_.dice();
  const std::uint32_t keeps = dice.chance(30) ? 0 : dice.chance(30) ? 100 : 50;
  for (auto row = files_.begin(); row != files_.end();) {
    File& file = *row->second;
    for (const Piece& piece : file.synced) apply(file.durable, piece);
    file.synced.clear();
    for (const Piece& piece : file.pending) {
      for (std::size_t at = 0; at < std::max<std::size_t>(piece.bytes.size(), 1); at += sector) {
        if (!dice.chance(keeps)) {
          kernel_.count(Fault::TornWrite);
          continue;
        }
        apply(file.durable, {piece.offset + static_cast<std::int64_t>(at),
                             piece.bytes.substr(at, sector), piece.cuts});
      }
    }
    const bool there = file.exists_durably || (!file.pending.empty() && dice.chance(keeps));
    file.pending.clear();
    file.data = file.durable;
    file.filled = filled(file.data);
    file.exists_durably = there;
    row = there ? std::next(row) : files_.erase(row);
  }
}

bool Disk::pending(const std::string& path) const {
  const auto file = find(path);
  return file != nullptr && !file->pending.empty();
}

void Disk::heal() {
  capacity_ = 0;
  failing_sync_ = 0;
}

}  // namespace sluice::world

// Linked in place of runtime/files.cpp.
namespace sluice::runtime {

using world::Disk;
using world::Kernel;

base::Status make_private_directory(const std::string&) {
  return base::Done{};
}

base::Status write_private(const std::string& path, std::string_view bytes) {
  Disk& disk = Disk::current();
  const auto file = disk.make(path);
  // Only the journal's reserve is written so: what it takes is all that is asked of it.
  if (disk.hold(*file, static_cast<std::int64_t>(bytes.size())) == Disk::Done::Well) {
    return base::Done{};
  }
  return base::Error{"cannot write " + path};
}

base::Result<bool> make_once(const std::string& path, std::string_view bytes) {
  if (Disk::current().find(path) != nullptr) return false;
  if (base::Status done = write_private(path, bytes); !done) return done.error();
  return true;
}

base::Result<std::string> read_whole(const std::string& path, std::size_t most_bytes) {
  const auto file = Disk::current().find(path);
  if (file == nullptr || file->data.size() > most_bytes) return base::Error{"cannot read " + path};
  return file->data;
}

base::Status write_again(const std::string& path) {
  Disk& disk = Disk::current();
  const auto file = disk.find(path);
  if (file == nullptr) return base::Done{};
  const std::string bytes = file->data;
  const bool well =
      disk.write(*file, 0, bytes) == Disk::Done::Well && disk.sync(*file) == Disk::Done::Well;
  if (!well) return base::Error{"cannot write " + path};
  return base::Done{};
}

// Nothing of a world changes what it would be held against.
NoteFile::NoteFile(const std::string&) : file_(-1) {}
NoteFile::~NoteFile() = default;
void NoteFile::write(std::string_view) {}

// As where a user has had what he may have of a disk: that is told of a write alone.
bool has_room(const std::string&) {
  return true;
}

void remove_file(const std::string& path) {
  if (Kernel::current().effect()) Disk::current().remove(path);
}

}  // namespace sluice::runtime
