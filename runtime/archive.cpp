#include "runtime/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <locale.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/crc.hpp>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "base/sha256.h"
#include "base/utf8.h"
#include "runtime/shared_library.h"

namespace sluice::runtime {

namespace {

using base::Error;

struct Ending {
  std::string_view text;
  ArchiveFormat format;
};
constexpr std::array<Ending, 6> endings{{{".tar.gz", ArchiveFormat::TarGz},
                                         {".tgz", ArchiveFormat::TarGz},
                                         {".tar.zst", ArchiveFormat::TarZst},
                                         {".tzst", ArchiveFormat::TarZst},
                                         {".zip", ArchiveFormat::Zip},
                                         {".nupkg", ArchiveFormat::Zip}}};

const Ending* ending_of(std::string_view path) {
  for (const Ending& ending : endings) {
    if (path.size() <= ending.text.size()) continue;
    const std::string_view end = path.substr(path.size() - ending.text.size());
    const bool same =
        std::equal(end.begin(), end.end(), ending.text.begin(), [](char found, char wanted) {
          const bool upper = found >= 'A' && found <= 'Z';
          return (upper ? static_cast<char>(found - 'A' + 'a') : found) == wanted;
        });
    if (same) return &ending;
  }
  return nullptr;
}

// Names in archives are UTF-8, whatever the locale of who runs this.
class Utf8Locale {
 public:
  Utf8Locale() : ours_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (ours_ != nullptr) before_ = ::uselocale(ours_);
  }
  ~Utf8Locale() {
    if (ours_ == nullptr) return;
    ::uselocale(before_);
    ::freelocale(ours_);
  }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

 private:
  locale_t ours_;
  locale_t before_ = nullptr;
};

// Every archive is opened by open_archive(), which asks first whether the library is there.
struct LibArchive {
  SharedLibrary library{"libarchive.so.13"};
  decltype(&archive_entry_filetype) entry_filetype = library.find("archive_entry_filetype");
  decltype(&archive_entry_hardlink) entry_hardlink = library.find("archive_entry_hardlink");
  decltype(&archive_entry_is_encrypted) entry_is_encrypted =
      library.find("archive_entry_is_encrypted");
  decltype(&archive_entry_pathname) entry_pathname = library.find("archive_entry_pathname");
  decltype(&archive_entry_perm) entry_perm = library.find("archive_entry_perm");
  decltype(&archive_entry_size) entry_size = library.find("archive_entry_size");
  decltype(&archive_entry_size_is_set) entry_size_is_set =
      library.find("archive_entry_size_is_set");
  decltype(&archive_entry_symlink) entry_symlink = library.find("archive_entry_symlink");
  decltype(&archive_error_string) error_string = library.find("archive_error_string");
  decltype(&archive_filter_code) filter_code = library.find("archive_filter_code");
  decltype(&archive_read_data) read_data = library.find("archive_read_data");
  decltype(&archive_read_data_block) read_data_block = library.find("archive_read_data_block");
  decltype(&archive_read_extract2) read_extract2 = library.find("archive_read_extract2");
  decltype(&archive_read_free) read_free = library.find("archive_read_free");
  decltype(&archive_read_new) read_new = library.find("archive_read_new");
  decltype(&archive_read_next_header) read_next_header = library.find("archive_read_next_header");
  decltype(&archive_read_open) read_open = library.find("archive_read_open");
  decltype(&archive_read_open_filename) read_open_filename =
      library.find("archive_read_open_filename");
  decltype(&archive_read_support_filter_gzip) read_support_filter_gzip =
      library.find("archive_read_support_filter_gzip");
  decltype(&archive_read_support_filter_zstd) read_support_filter_zstd =
      library.find("archive_read_support_filter_zstd");
  decltype(&archive_read_support_format_raw) read_support_format_raw =
      library.find("archive_read_support_format_raw");
  decltype(&archive_read_support_format_tar) read_support_format_tar =
      library.find("archive_read_support_format_tar");
  decltype(&archive_read_support_format_zip_seekable) read_support_format_zip_seekable =
      library.find("archive_read_support_format_zip_seekable");
  decltype(&archive_set_error) set_error = library.find("archive_set_error");
  decltype(&archive_write_close) write_close = library.find("archive_write_close");
  decltype(&archive_write_disk_new) write_disk_new = library.find("archive_write_disk_new");
  decltype(&archive_write_disk_set_options) write_disk_set_options =
      library.find("archive_write_disk_set_options");
  decltype(&archive_write_free) write_free = library.find("archive_write_free");
};

const LibArchive& libarchive() {
  static const LibArchive loaded;
  return loaded;
}

struct FreeReader {
  void operator()(archive* reader) const { libarchive().read_free(reader); }
};
struct FreeWriter {
  void operator()(archive* writer) const { libarchive().write_free(writer); }
};
using Reader = std::unique_ptr<archive, FreeReader>;

Error archive_error(archive* reader) {
  const char* text = libarchive().error_string(reader);
  return {text == nullptr ? "it cannot be read" : base::printable(text)};
}

constexpr std::size_t read_at_once = 65536;

// What a gzip file holds, on its way to who reads it as tar. libarchive does not hold that against
// the checksum that stands behind it; gzip, on a host, does.
class Gunzip {
 public:
  static base::Result<std::unique_ptr<Gunzip>> open(const std::string& path) {
    Reader packed(libarchive().read_new());
    if (!packed) return Error{"there is no memory to read it"};
    libarchive().read_support_format_raw(packed.get());
    libarchive().read_support_filter_gzip(packed.get());
    archive_entry* entry = nullptr;
    if (libarchive().read_open_filename(packed.get(), path.c_str(), read_at_once) != ARCHIVE_OK ||
        libarchive().read_next_header(packed.get(), &entry) < ARCHIVE_WARN) {
      return archive_error(packed.get());
    }
    return std::unique_ptr<Gunzip>(new Gunzip(std::move(packed)));
  }

  archive* packed() const { return packed_.get(); }

  // For archive_read_open().
  static la_ssize_t give(archive* asker, void* self, const void** block) {
    return static_cast<Gunzip*>(self)->next(asker, block);
  }

  // Reads what stands behind the tar's end, `most` bytes of all at most, and compares. Of a file
  // of several streams, or with something else behind the one, its last bytes say nothing.
  base::Status check_sum(const std::string& path, std::uint64_t most) {
    const void* block = nullptr;
    la_ssize_t got = 0;
    while ((got = next(packed_.get(), &block)) > 0) {
      if (bytes_ > most) return Error{"too much would come out of it"};
    }
    if (got < 0) return archive_error(packed_.get());
    const auto trailer = last_bytes(path);
    if (!trailer) return trailer.error();
    const auto [sum, size] = trailer.value();
    if (size == static_cast<std::uint32_t>(bytes_) && sum != sum_.checksum()) {
      return Error{"it is damaged: what comes out of it does not fit its checksum"};
    }
    return base::Done{};
  }

 private:
  explicit Gunzip(Reader packed) : packed_(std::move(packed)) {}

  la_ssize_t next(archive* asker, const void** block) {
    for (;;) {
      std::size_t size = 0;
      la_int64_t offset = 0;
      const int result = libarchive().read_data_block(packed_.get(), block, &size, &offset);
      if (result == ARCHIVE_EOF) return 0;
      if (result < ARCHIVE_WARN) {
        if (asker != packed_.get()) {
          libarchive().set_error(asker, EIO, "%s", archive_error(packed_.get()).message.c_str());
        }
        return ARCHIVE_FATAL;
      }
      if (size == 0) continue;
      bytes_ += size;
      sum_.process_bytes(*block, size);
      return static_cast<la_ssize_t>(size);
    }
  }

  // The checksum and the size, modulo 2^32, that a stream ends with.
  static base::Result<std::pair<std::uint32_t, std::uint32_t>> last_bytes(const std::string& path) {
    std::array<unsigned char, 8> bytes{};
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const off_t end = file < 0 ? -1 : ::lseek(file, 0, SEEK_END);
    const bool whole = end >= 8 && ::pread(file, bytes.data(), bytes.size(), end - 8) == 8;
    const int why = errno;
    if (file >= 0) ::close(file);
    if (!whole) return Error{fmt::format("cannot read {}: {}", path, std::strerror(why))};
    const auto word = [&](std::size_t at) {
      std::uint32_t value = 0;
      for (std::size_t i = 4; i > 0; --i) value = value << 8 | bytes[at + i - 1];
      return value;
    };
    return std::pair(word(0), word(4));
  }

  Reader packed_;
  boost::crc_32_type sum_;  // as it stands behind a gzip stream
  std::uint64_t bytes_ = 0;
};

struct OpenArchive {
  std::unique_ptr<Gunzip> gunzip;  // of .tar.gz alone; the reader reads from it
  Reader reader;

  // What was compressed, and how, is known here.
  archive* packed() const { return gunzip ? gunzip->packed() : reader.get(); }
};

base::Result<OpenArchive> open_archive(const std::string& path, ArchiveFormat format) {
  if (const std::string& problem = libarchive().library.problem(); !problem.empty()) {
    return Error{problem};
  }
  OpenArchive opened{nullptr, Reader(libarchive().read_new())};
  archive* reader = opened.reader.get();
  if (reader == nullptr) return Error{"there is no memory to read it"};
  if (format == ArchiveFormat::Zip) {
    // By its directory, as unzip reads it.
    libarchive().read_support_format_zip_seekable(reader);
  } else {
    libarchive().read_support_format_tar(reader);
    if (format == ArchiveFormat::TarZst) libarchive().read_support_filter_zstd(reader);
  }
  int result = ARCHIVE_OK;
  if (format == ArchiveFormat::TarGz) {
    auto gunzip = Gunzip::open(path);
    if (!gunzip) return gunzip.error();
    opened.gunzip = std::move(gunzip.value());
    result = libarchive().read_open(reader, opened.gunzip.get(), nullptr, Gunzip::give, nullptr);
  } else {
    result = libarchive().read_open_filename(reader, path.c_str(), read_at_once);
  }
  if (result != ARCHIVE_OK) return archive_error(reader);
  return opened;
}

bool right_filter(const OpenArchive& opened, ArchiveFormat format) {
  const int filter = libarchive().filter_code(opened.packed(), 0);
  // A host unpacks it once: what is compressed twice is no archive there.
  if (format != ArchiveFormat::Zip &&
      libarchive().filter_code(opened.packed(), 1) != ARCHIVE_FILTER_NONE) {
    return false;
  }
  if (format == ArchiveFormat::TarGz) return filter == ARCHIVE_FILTER_GZIP;
  if (format == ArchiveFormat::TarZst) return filter == ARCHIVE_FILTER_ZSTD;
  return true;
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '\\';
  });
}

// Without `.` and doubled slashes. Fails for what leads elsewhere.
base::Result<std::vector<std::string>> parts_of(std::string_view path) {
  constexpr std::size_t most_bytes = 4096;
  if (path.empty() || path.size() > most_bytes) return Error{"its name is empty, or too long"};
  if (has_control(path)) return Error{"its name holds a control character or a backslash"};
  if (path.front() == '/') return Error{"its path is absolute"};
  std::vector<std::string> parts;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, slash);
    path.remove_prefix(std::min(slash + 1, path.size()));
    if (part.empty() || part == ".") continue;
    if (part == "..") return Error{"its path leads out of the archive"};
    if (part.size() > NAME_MAX) return Error{"its name is too long for a file"};
    parts.emplace_back(part);
  }
  return parts;
}

// What the archive's entries make, one after the other.
class Tree {
 public:
  enum class Kind : std::uint8_t { File, Folder, Link };

  base::Result<std::string> add(std::string_view name, Kind kind) {
    auto parts = parts_of(name);
    if (!parts) return parts.error();
    if (parts.value().empty()) {
      if (kind != Kind::Folder) return Error{"it would take the place of the whole folder"};
      return std::string(".");
    }
    std::string path;
    for (std::size_t i = 0; i < parts.value().size(); ++i) {
      path += (i == 0 ? "" : "/") + parts.value()[i];
      const bool last = i + 1 == parts.value().size();
      const auto [found, added] = kinds_.try_emplace(path, last ? kind : Kind::Folder);
      if (added || (found->second == Kind::Folder && (!last || kind == Kind::Folder))) continue;
      if (last) return Error{"there are two of its name"};
      return Error{found->second == Kind::Link ? "its path goes through a link"
                                               : "its path goes through a file"};
    }
    return path;
  }

  bool has_file(const std::string& path) const {
    const auto found = kinds_.find(path);
    return found != kinds_.end() && found->second == Kind::File;
  }

 private:
  std::map<std::string, Kind> kinds_;
};

// A symbolic link at that path stays inside: `..` stands only at the beginning of its target, where
// it goes up through folders and never through links, and not above the root.
base::Status check_link(const std::string& path, std::string_view target) {
  if (target.empty() || target.front() == '/' || has_control(target)) {
    return Error{"it is a link that leads out of the archive"};
  }
  auto up = std::count(path.begin(), path.end(), '/');
  bool down = false;
  while (!target.empty()) {
    const std::size_t slash = std::min(target.find('/'), target.size());
    const std::string_view part = target.substr(0, slash);
    target.remove_prefix(std::min(slash + 1, target.size()));
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      down = true;
    } else if (down || --up < 0) {
      return Error{"it is a link that leads out of the archive"};
    }
  }
  return base::Done{};
}

class Checker {
 public:
  Checker(archive* reader, const ArchiveLimits& limits, std::uint64_t packed)
      : reader_(reader), limits_(limits), packed_(packed) {}

  base::Status take(archive_entry* entry) {
    const char* name = libarchive().entry_pathname(entry);
    if (name == nullptr) return Error{"an entry has a name that is no text"};
    base::Status done = take(entry, name);
    if (done) return done;
    return Error{fmt::format("`{}`: {}", base::printable(name), done.error().message)};
  }

  ArchiveContent content() {
    base::Sha256 listing;
    for (std::vector<std::string>* lines : {&files_, &links_}) {
      std::sort(lines->begin(), lines->end());
      for (const std::string& line : *lines) listing.add(line);
    }
    content_.listing = listing.hex();
    return content_;
  }

 private:
  base::Status take(archive_entry* entry, const char* name) {
    if (++entries_ > limits_.entries) {
      return Error{fmt::format("the archive has more than {} entries", limits_.entries)};
    }
    if (libarchive().entry_is_encrypted(entry) != 0) return Error{"it is encrypted"};
    const char* hard_link = libarchive().entry_hardlink(entry);
    const auto type = libarchive().entry_filetype(entry);
    if (hard_link == nullptr && type == AE_IFDIR) {
      const auto added = tree_.add(name, Tree::Kind::Folder);
      return added ? base::Status(base::Done{}) : base::Status(added.error());
    }
    if (hard_link == nullptr && type == AE_IFLNK) return take_link(entry, name);
    if (hard_link == nullptr && type != AE_IFREG) {
      return Error{"it is neither a file nor a folder nor a link"};
    }
    constexpr unsigned set_ids = 06000;
    if ((libarchive().entry_perm(entry) & set_ids) != 0) {
      return Error{"it would run as another user (set-user-id)"};
    }
    const auto path = tree_.add(name, Tree::Kind::File);
    if (!path) return path.error();
    ++content_.files;
    return hard_link != nullptr ? take_hard_link(path.value(), hard_link)
                                : take_file(entry, path.value());
  }

  base::Status take_link(archive_entry* entry, const char* name) {
    const auto path = tree_.add(name, Tree::Kind::Link);
    if (!path) return path.error();
    const char* target = libarchive().entry_symlink(entry);
    if (target == nullptr) return Error{"it is a link to what is no text"};
    if (base::Status fine = check_link(path.value(), target); !fine) return fine;
    links_.push_back(fmt::format("./{} -> {}\n", path.value(), target));
    ++content_.links;
    return base::Done{};
  }

  base::Status take_hard_link(const std::string& path, const char* target) {
    const auto parts = parts_of(target);
    const std::string first =
        parts ? fmt::format("{}", fmt::join(parts.value(), "/")) : std::string();
    const auto digest = digests_.find(first);
    if (!tree_.has_file(first) || digest == digests_.end()) {
      return Error{"it is a link to what is no file before it"};
    }
    digests_[path] = digest->second;
    files_.push_back(fmt::format("{}  ./{}\n", digest->second, path));
    return base::Done{};
  }

  base::Status take_file(archive_entry* entry, const std::string& path) {
    const auto declared = libarchive().entry_size_is_set(entry) != 0
                              ? static_cast<std::uint64_t>(libarchive().entry_size(entry))
                              : 0;
    if (base::Status fits = check_size(declared); !fits) return fits;
    base::Sha256 digest;
    std::array<char, 65536> buffer;
    std::uint64_t bytes = 0;
    for (;;) {
      const la_ssize_t got = libarchive().read_data(reader_, buffer.data(), buffer.size());
      if (got < 0) return archive_error(reader_);
      if (got == 0) break;
      bytes += static_cast<std::uint64_t>(got);
      if (base::Status fits = check_size(bytes); !fits) return fits;
      digest.add({buffer.data(), static_cast<std::size_t>(got)});
    }
    content_.bytes += bytes;
    const std::string hex = digest.hex();
    files_.push_back(fmt::format("{}  ./{}\n", hex, path));
    digests_[path] = hex;
    return base::Done{};
  }

  base::Status check_size(std::uint64_t more) const {
    if (more > limits_.bytes || content_.bytes + more > limits_.bytes) {
      return Error{fmt::format("more than {} bytes would come out of it", limits_.bytes)};
    }
    const std::uint64_t total = content_.bytes + more;
    if (total > limits_.any_ratio && total / limits_.ratio > packed_) {
      return Error{
          fmt::format("more than {} times as much would come out as went in", limits_.ratio)};
    }
    return base::Done{};
  }

  archive* reader_;
  const ArchiveLimits& limits_;
  std::uint64_t packed_;
  std::uint64_t entries_ = 0;
  Tree tree_;
  ArchiveContent content_;
  std::vector<std::string> files_;
  std::vector<std::string> links_;
  std::map<std::string, std::string> digests_;  // by path, for links to it
};

}  // namespace

std::optional<ArchiveFormat> archive_format(std::string_view path) {
  const Ending* ending = ending_of(path);
  return ending == nullptr ? std::nullopt : std::optional(ending->format);
}

std::string_view archive_format_name(ArchiveFormat format) {
  switch (format) {
    case ArchiveFormat::TarGz:
      return "tar.gz";
    case ArchiveFormat::TarZst:
      return "tar.zst";
    case ArchiveFormat::Zip:
      break;
  }
  return "zip";
}

std::string_view archive_stem(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash != std::string_view::npos) path.remove_prefix(slash + 1);
  const Ending* ending = ending_of(path);
  if (ending != nullptr) path.remove_suffix(ending->text.size());
  return path;
}

base::Result<FileDigest> digest_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return Error{fmt::format("cannot read {}: {}", path, std::strerror(errno))};
  FileDigest digest;
  base::Sha256 hash;
  std::array<char, 65536> buffer;
  for (;;) {
    const ssize_t got = ::read(file, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      const Error error{fmt::format("cannot read {}: {}", path, std::strerror(errno))};
      ::close(file);
      return error;
    }
    if (got == 0) break;
    digest.bytes += static_cast<std::uint64_t>(got);
    hash.add({buffer.data(), static_cast<std::size_t>(got)});
  }
  ::close(file);
  digest.sha256 = hash.hex();
  return digest;
}

base::Result<ArchiveContent> check_archive(const std::string& path, const ArchiveLimits& limits) {
  const Utf8Locale utf8;
  const auto format = archive_format(path);
  if (!format) return Error{"it is none of .tar.gz, .tar.zst, .zip and .nupkg"};
  const auto size = digest_file(path);
  if (!size) return size.error();
  auto opened = open_archive(path, *format);
  if (!opened) return opened.error();
  archive* reader = opened.value().reader.get();
  Checker checker(reader, limits, size.value().bytes);
  for (;;) {
    archive_entry* entry = nullptr;
    const int result = libarchive().read_next_header(reader, &entry);
    if (result == ARCHIVE_EOF) break;
    if (result < ARCHIVE_WARN) return archive_error(reader);
    if (!right_filter(opened.value(), *format)) {
      return Error{"it is not compressed as its name says"};
    }
    if (base::Status taken = checker.take(entry); !taken) return taken.error();
  }
  if (opened.value().gunzip) {
    const std::uint64_t most = limits.any_ratio + size.value().bytes * limits.ratio;
    const base::Status sound = opened.value().gunzip->check_sum(path, most);
    if (!sound) return sound.error();
  }
  ArchiveContent content = checker.content();
  if (content.files == 0) return Error{"there is no file in it"};
  return content;
}

base::Status unpack_archive(const std::string& path) {
  if (const auto checked = check_archive(path); !checked) return checked.error();
  const Utf8Locale utf8;
  auto opened = open_archive(path, *archive_format(path));
  if (!opened) return opened.error();
  archive* reader = opened.value().reader.get();
  const std::unique_ptr<archive, FreeWriter> disk(libarchive().write_disk_new());
  if (!disk) return Error{"there is no memory to unpack it"};
  libarchive().write_disk_set_options(
      disk.get(), ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_NO_OVERWRITE |
                      ARCHIVE_EXTRACT_SECURE_NODOTDOT | ARCHIVE_EXTRACT_SECURE_SYMLINKS |
                      ARCHIVE_EXTRACT_SECURE_NOABSOLUTEPATHS);
  for (;;) {
    archive_entry* entry = nullptr;
    const int result = libarchive().read_next_header(reader, &entry);
    if (result == ARCHIVE_EOF) break;
    if (result < ARCHIVE_WARN) return archive_error(reader);
    const int written = libarchive().read_extract2(reader, entry, disk.get());
    if (written < ARCHIVE_WARN) return archive_error(reader);
  }
  if (libarchive().write_close(disk.get()) < ARCHIVE_WARN) return archive_error(disk.get());
  return base::Done{};
}

}  // namespace sluice::runtime
