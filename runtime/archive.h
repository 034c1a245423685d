// Archives of releases (.tar.gz, .tar.zst, .zip, .nupkg): what is in one, whether it may be
// unpacked, and unpacking it on this machine. libarchive is seen by archive.cpp alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::runtime {

enum class ArchiveFormat : std::uint8_t { TarGz, TarZst, Zip };

// By how the file's name ends, in any case; nothing for another one.
std::optional<ArchiveFormat> archive_format(std::string_view path);
// "tar.gz", "tar.zst", "zip": what the script on the target is told.
std::string_view archive_format_name(ArchiveFormat format);
// The file's name without folder and ending: "acme-1.4.2".
std::string_view archive_stem(std::string_view path);

// Beyond them an archive is refused, at the first byte or entry that is too many.
struct ArchiveLimits {
  std::uint64_t bytes = std::uint64_t{64} << 30;  // of all files together
  std::uint64_t entries = 500'000;
  // How many times as much may come out as went in, where more comes out than `any_ratio`.
  std::uint64_t ratio = 200;
  std::uint64_t any_ratio = std::uint64_t{64} << 20;
};

struct ArchiveContent {
  std::uint64_t bytes = 0;
  std::uint64_t files = 0;  // hard links are files too
  std::uint64_t links = 0;
  // SHA-256 of two sorted lists behind each other: `DIGEST  ./PATH` of the files, as sha256sum
  // writes it, and `./PATH -> TARGET` of the symbolic links; paths sort with what stands before.
  std::string listing;
  bool operator==(const ArchiveContent&) const = default;
};

// Reads all of it. Fails where unpacking it could write outside of its folder, or make anything but
// files, folders and links that stay inside: absolute paths, `..`, devices, links that lead out,
// paths through links, names twice, set-user-id, secret entries, more than the limits allow.
base::Result<ArchiveContent> check_archive(const std::string& path,
                                           const ArchiveLimits& limits = {});

// Into the working directory, which is empty. What check_archive would refuse is not unpacked.
base::Status unpack_archive(const std::string& path);

// Of a whole file, in pieces.
struct FileDigest {
  std::uint64_t bytes = 0;
  std::string sha256;
  bool operator==(const FileDigest&) const = default;
};
base::Result<FileDigest> digest_file(const std::string& path);

}  // namespace sluice::runtime
